"""A copy of the project in which `dvc` runs its pipeline, small."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl

from stages.contract.dvc_files import ONCE, ROOT, params
from stages.contract.stage_list import DVC_LOCKS, STAGES

SMALL = [
    "task.levels=1",
    "task.n_demonstrated=150",
    "task.n_train=60",
    "task.n_test=30",
    "model.width=48",
    "model.layers=2",
    "model.heads=2",
    "model.feed_forward=96",
    "sft.max_steps=250",
    "sft.batch_size=16",
    "label.max_paths=40",
    "label.max_rollouts=3",
    "verifier.max_steps=10",
    "pair.margin=0.01",
    "align.max_steps=10",
    "trainer.checkpoint_every=4",
    "evaluate.n_votes=2",
    "engine.shard_size=100",
    "compute.threads=1",
]
LOOP = [name for name in STAGES if name not in (*ONCE, "select")]  # which not every run has


class ProjectCopy:
    """A copy of the project in a folder of its own, with its own git, cache and ledger.

    Without an `origin`, which is another such folder, it is the project itself with nothing made.
    """

    def __init__(self, folder: Path, origin: Path | None = None) -> None:
        self.folder = folder
        if origin:
            shutil.copytree(origin, folder, symlinks=True)
            return
        listed = self.run("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", cwd=ROOT)
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        for leftover in (*DVC_LOCKS, "metrics.json", "scores.json", "report.html"):
            (folder / leftover).unlink(missing_ok=True)
        self.configure()
        self.run("git", "init", "-q")
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start")

    @classmethod
    def at(cls, folder: Path) -> "ProjectCopy":
        """The copy that is in a folder already, such as a git worktree of another."""
        made = cls.__new__(cls)
        made.folder = folder
        return made

    def run(
        self, *command: str, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command; its output comes back as text."""
        settled = {k: v for k, v in os.environ.items() if k not in ("RATCHET_LEDGER", "PYTHONPATH")}
        names = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t"}
        names |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=settled | names | {"HF_HUB_OFFLINE": "1"} | env,
            capture_output=True,
            text=True,
        )

    def configure(self, *overrides: str) -> None:
        """Writes params.yaml."""
        (self.folder / "params.yaml").write_text(params(*SMALL, *overrides))

    def repro(self, *arguments: str, **env: str) -> tuple[list[str], str]:
        """(stages that ran, everything printed) of `dvc repro`."""
        return ran(self.run("dvc", "repro", *arguments, **env))

    def experiment(self, *overrides: str) -> tuple[list[str], str]:
        """(stages that ran, everything printed) of `dvc exp run -S ...`."""
        return ran(self.run("dvc", "exp", "run", *settings(*overrides)))

    def quiet(self, *command: str) -> str:
        """What a command prints. It must succeed, and without a warning."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARNING" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def iterations(self) -> set[int]:
        """The iterations that some table or model is there for."""
        made = [
            *self.folder.glob("data/**/part.parquet"),
            *self.folder.glob("models/*/config.json"),
        ]
        named = [re.search(r"iteration=(\d+)", str(path)) for path in made]
        return {int(match[1]) for match in named if match}

    def hashes(self, iterations: int) -> dict[str, str]:
        """Content of every data table and model up to an iteration."""
        files = [*self.folder.glob("data/**/part.parquet"), *self.folder.glob("models/*/**/*")]
        names = [str(path.relative_to(self.folder)) for path in files if path.is_file()]
        kept = [
            n for n in names if all(int(k) <= iterations for k in re.findall(r"iteration=(\d+)", n))
        ]
        return {n: hashlib.sha256((self.folder / n).read_bytes()).hexdigest() for n in kept}

    def cost(self, stage: str) -> dict[str, int]:
        """The cost row of a stage in iteration 1."""
        file = self.folder / f"measured/costs/iteration=1/stage={stage}/part.parquet"
        return pl.read_parquet(file).row(0, named=True)


def settings(*overrides: str) -> list[str]:
    """The arguments of `dvc exp run` for a small run."""
    return [part for override in (*SMALL, *overrides) for part in ("-S", override)]


def ran(done: subprocess.CompletedProcess[str]) -> tuple[list[str], str]:
    printed = done.stdout + done.stderr
    return stages_of(printed), printed


def stages_of(printed: str) -> list[str]:
    """The stages that ran, by what DVC printed."""
    return re.findall(r"Running stage '(?:\w+/dvc\.yaml:)?([\w@]+)'", printed)


def turn(iteration: int) -> set[str]:
    """The stages of one iteration."""
    return {f"{name}@{iteration}" for name in LOOP}
