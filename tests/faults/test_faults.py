"""Real stages killed, starved of disk and shut out of folders: what they leave, and go on from.

The stages run as processes on a very small toy, without DVC; tests/loop has the same with it.
RATCHET_KILLS is how often each stage is killed (`make faults KILLS=10`).
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stages.contract.dvc_files import ONCE, ROOT, params
from stages.contract.stage_list import STAGES
from tests.compare_folders import content, differences

pytestmark = pytest.mark.fault

KILLS = int(os.environ.get("RATCHET_KILLS", "3"))
SHARD, EVERY = 20, 4
SMALL = [
    "iteration=1",
    "task.levels=1",
    "task.n_demonstrated=60",
    "task.n_train=40",
    "task.n_test=10",
    "model.width=48",
    "model.layers=2",
    "model.heads=2",
    "model.feed_forward=96",
    "sft.max_steps=200",
    "sft.batch_size=16",
    "guide.strategy=state_reset",
    "guide.max_attempts=4",
    "label.max_paths=40",
    "label.max_rollouts=3",
    "grade.workers=1",
    "verifier.max_steps=8",
    "pair.margin=0.0",
    "pair.min_rows=1",
    "align.max_steps=40",
    f"trainer.checkpoint_every={EVERY}",
    "evaluate.n_votes=2",
    f"engine.shard_size={SHARD}",
    "compute.threads=1",
]
TURN = f"""
from stages.check import check
from stages.contract.stage_list import load_stages
check.run(0)
for stage in load_stages():
    if stage.name == "review":
        stage.run(0)
    stage.run(int(stage.name not in {ONCE}))
    if stage.name == "sft":
        next(other for other in load_stages() if other.name == "evaluate").run(0)
"""


class Run:
    """A folder in which stages run as processes, with a ledger and checkpoints of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ledger = folder, folder / ".dvc/cache/ledger"
        self.asked = folder / "asked"
        (folder / "params.yaml").write_text(params(*SMALL))

    def start(
        self, *arguments: str, within: tuple[str, ...] = (), **how: Any
    ) -> subprocess.Popen[str]:
        """A Python process in the folder, `within` another command, or that command."""
        env = {k: v for k, v in os.environ.items() if k != "RATCHET_LEDGER"}
        env |= {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        env |= {"TRL_EXPERIMENTAL_SILENCE": "1"}
        return subprocess.Popen(
            [*within, *([sys.executable, "-P", *arguments] if arguments else [])],
            cwd=self.folder,
            env=env,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how,
        )

    def stage(self, name: str, within: tuple[str, ...] = ()) -> str:
        """Runs a stage of iteration 1 to its end; returns what it printed of an error."""
        process = self.start("-m", f"stages.{name}", "--iteration", "1", within=within)
        _, printed = process.communicate()
        assert (process.returncode == 0) == (printed == ""), printed
        return printed

    def draws(self) -> int:
        """How many the ledger holds."""
        files = [*self.ledger.rglob("*.parquet")]
        keys = [pl.read_parquet(file, columns=["key"], hive_partitioning=False) for file in files]
        return pl.concat(keys).n_unique() if keys else 0

    def drawn(self) -> int:
        """How many the engine was asked for since `forget`."""
        return sum(map(int, self.asked.read_text().split())) if self.asked.exists() else 0

    def forget(self) -> None:
        """Empties the ledger and the checkpoints."""
        shutil.rmtree(self.folder / ".dvc", ignore_errors=True)
        self.asked.unlink(missing_ok=True)


def whole(folder: Path) -> Run:
    """A run with everything made, iteration 1 included."""
    run = Run(folder)
    process = run.start("-c", TURN)
    _, printed = process.communicate()
    assert process.returncode == 0, printed
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return whole(tmp_path_factory.mktemp("run"))


def test_two_runs_make_the_same(run: Run, tmp_path: Path) -> None:
    assert differences(content(run.folder), content(whole(tmp_path).folder)) == []


class Nursery:
    """Stages of a run, forked and killed: see faults/nursery.py."""

    def __init__(self, run: Run) -> None:
        nursery = str(ROOT / "tests/faults/nursery.py")
        self.process = run.start(nursery, stdin=subprocess.PIPE, stderr=None)
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        assert self.stdout.readline() == "ready\n"

    def ends(self, stage: str, after_s: float = 0.0) -> bool:
        """Runs a stage; False if it was killed after so many seconds."""
        print(stage, after_s, file=self.stdin, flush=True)
        code = int(self.stdout.readline())
        assert code in (0, -9)
        return code == 0


@pytest.fixture
def nursery(run: Run) -> Iterator[Nursery]:
    made = Nursery(run)
    yield made
    made.process.communicate()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_killed_at_any_time_ends_like_an_undisturbed_one(
    run: Run, nursery: Nursery, stage: str
) -> None:
    undisturbed, chance = content(run.folder), random.Random(stage)
    run.forget()
    started = time.perf_counter()
    assert nursery.ends(stage)
    takes, wanted = time.perf_counter() - started, run.drawn()
    assert differences(undisturbed, content(run.folder)) == [] and run.draws() == wanted
    kills = repeated = runs = 0
    while kills < KILLS:
        run.forget()
        ended = False
        while not ended:
            before = run.drawn() - run.draws()
            ended = nursery.ends(stage, chance.uniform(0.01, takes) if kills < KILLS else 0)
            lost = run.drawn() - run.draws() - before
            assert 0 <= lost <= SHARD
            kills, repeated = kills + (not ended), repeated + lost
        runs += 1
        assert differences(undisturbed, content(run.folder)) == []
        assert run.draws() == wanted
    print(f"{stage}: {kills} kills in {runs} runs of {takes:.1f} s undisturbed; "
          f"{wanted} draws a run, {repeated} repeated in all")  # fmt: skip


def needs_bubblewrap() -> None:
    """Skips with the reason where there is no bubblewrap, or it may not mount anything."""
    command = ["bwrap", "--dev-bind", "/", "/", "--size", "4096", "--tmpfs", "/mnt", "true"]
    if not shutil.which("bwrap") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("bubblewrap cannot mount a small disk here")


# kB that are left: of eight shards that take 4 each the last has no room, then the table of
# 13 has none, then a checkpoint
FULL = """
cp -r . /mnt && rm -rf /mnt/.dvc && cd /mnt
room=$(df -k --output=avail . | tail -1)
head -c $(( (room - {leave}) * 1024 )) /dev/zero > filler
{python} -P -m stages.{stage} --iteration 1 2> {out}/first && exit 1
find . -name '*.partial' > {out}/partial
rm filler
cp -r .dvc {out}/dvc
{python} -P -m stages.{stage} --iteration 1 2> {out}/second || exit 1
cp -r .dvc {out}/dvc_after
cp -r data models {out}
"""


@pytest.mark.parametrize(("stage", "leave"), [("sample", 30), ("sample", 44), ("align", 600)])
def test_a_full_disk_is_one_line_and_loses_nothing(
    run: Run, tmp_path: Path, stage: str, leave: int
) -> None:
    needs_bubblewrap()
    undisturbed = content(run.folder)
    small = ("bwrap", "--dev-bind", "/", "/", "--size", str(100 << 20), "--tmpfs", "/mnt")
    script = FULL.format(python=sys.executable, stage=stage, leave=leave, out=tmp_path)
    process = run.start(within=(*small, "sh", "-c", script))
    _, printed = process.communicate()
    assert process.returncode == 0, printed + (tmp_path / "first").read_text()
    (line,) = (tmp_path / "first").read_text().splitlines()
    assert line.startswith(f"{stage}: ") and "free disk space" in line, line
    assert (tmp_path / "partial").read_text() == (tmp_path / "second").read_text() == ""
    assert differences(undisturbed, content(tmp_path)) == []
    kept, after = (shards(tmp_path / name) for name in ("dvc", "dvc_after"))
    assert kept <= after and (stage == "align" or kept)


def shards(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize(
    ("stage", "shut", "drawn", "message"),
    [
        ("sample", ".dvc/cache/ledger", False, "cannot write"),
        ("sample", ".dvc/cache/ledger", True, ""),
        ("sample", "data", True, "cannot write data/samples/iteration=1"),
        ("align", "models", True, "Read-only file system"),
        ("align", ".dvc/cache", True, "Read-only file system"),
    ],
)
def test_a_folder_that_is_shut_is_one_line(
    run: Run, stage: str, shut: str, drawn: bool, message: str
) -> None:
    needs_bubblewrap()
    undisturbed = content(run.folder)
    run.forget()
    run.ledger.mkdir(parents=True)
    if drawn:
        run.stage(stage)
    closed = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", *[str(run.folder / shut)] * 2)
    printed = run.stage(stage, within=closed)
    if message:
        (line,) = printed.splitlines()
        assert line.startswith(f"{stage}: ") and message in line and "leave to write" in line
        assert run.stage(stage) == ""
    assert printed or not message
    assert differences(undisturbed, content(run.folder)) == []
