"""`ratchet sweep --run --jobs 2` interrupted at random moments: in the end each run is there once.

What is sent a signal is the sweep itself, all processes of one of its runs, or a stage's process.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from math import inf
from pathlib import Path
from random import Random

import psutil
import pytest
import yaml

from stages.contract.dvc_files import ROOT
from stages.contract.stage_list import DVC_LOCKS
from tests.fakes.project_copy import SMALL, ProjectCopy
from tests.faults.interruptions import SEED, Interruption, draw_interruptions, repeats
from tests.faults.small_run import n_draws
from tests.fuzz.hang import Look, find_hang, look_at

pytestmark = pytest.mark.fault

SHARD = 20
MORE = [
    "iteration=1",
    "recipe=rft",
    "task.n_train=40",
    "task.n_test=10",
    "sft.max_steps=60",
    "evaluate.n_votes=0",
    f"engine.shard_size={SHARD}",
    "grade.workers=1",
]
VALUES = dict(text.split("=") for text in [*SMALL, *MORE])
VALUES["align.max_steps"] = "[6, 12]"  # alike until then, so they share draws
SWEEP = "\n".join(f"{name}: {value}" for name, value in VALUES.items())
AT_A_TIME = 4  # interruptions come within this part of the whole time
VICTIMS = ("sweep", "run", "stage")
LOOK_S = 2.0


class Sweep:
    """A project with a sweep that can be begun, looked into and begun again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.project, self.folder = ProjectCopy(folder), folder
        (folder / ".dvc/config.local").unlink(missing_ok=True)
        (folder / "sweep.yaml").write_text(SWEEP)
        self.asked = folder.parent / f"{folder.name}.asked"
        self.process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Starts the command, in a group of its own as a shell does."""
        bin_folder = str(Path(sys.executable).parent)
        env = {k: v for k, v in os.environ.items() if k != "RATCHET_LEDGER"}
        env |= {"PATH": os.pathsep.join([bin_folder, env["PATH"]]), "HF_HUB_OFFLINE": "1"}
        env |= {"PYTHONPATH": str(ROOT / "tests/faults"), "RATCHET_ASKED": str(self.asked)}
        with (self.folder.parent / f"{self.folder.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                ["ratchet", "sweep", "sweep.yaml", "--run", "--jobs", "2"],
                cwd=self.folder,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                text=True,
            )

    def ends(self, within_s: float) -> bool:
        """Whether the command has ended, or ends in time."""
        assert self.process
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(within_s)
        return self.process.returncode is not None

    def lasts(self, seconds: float) -> bool:
        """Whether the command, or a run that goes on without it, lasts so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.ends(min(left, LOOK_S)):
                if not self.processes():
                    return False
                time.sleep(min(left, LOOK_S))
        return True

    def processes(self) -> list[psutil.Process]:
        """All that live of the project's, but the command itself."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                here = Path(process.cwd()).is_relative_to(self.folder)
                own = self.process is not None and process.pid == self.process.pid
                if here and not own and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def interrupt(self, victim: str, interruption: Interruption, chance: Random) -> str:
        """Sends a signal; returns to what, or "" if there is no such process now."""
        assert self.process
        if victim == "sweep":
            if self.process.poll() is not None:
                return ""
            self.process.send_signal(interruption.number)
            return victim
        with suppress(psutil.Error):
            those = [(p, p.cmdline()) for p in self.processes()]
            if victim == "run":
                leaders = [p.pid for p, words in those if words[-1:] and "--temp" in words]
                if leaders:
                    os.killpg(chance.choice(sorted(leaders)), interruption.number)
                    return victim
            stages = [p for p, words in those if any(w.startswith("stages.") for w in words[:4])]
            stages = [p for p in stages if "python" in Path(p.exe()).name]
            if stages:
                chosen = chance.choice(sorted(stages, key=lambda p: p.pid))
                name = next(w for w in chosen.cmdline() if w.startswith("stages."))
                chosen.send_signal(interruption.number)
                return name
        return ""

    def settle(self) -> None:
        """Waits for the command, and for runs that go on without it; then nothing lives."""
        looks: list[Look] = []
        while alive := [p.pid for p in self.processes()] + self._own_pid():
            looks.append(look_at(*alive))
            assert not (hang := find_hang(looks, busy_s=inf)), hang
            time.sleep(LOOK_S)

    def _own_pid(self) -> list[int]:
        assert self.process
        return [] if self.process.poll() is not None else [self.process.pid]

    def rows(self) -> list[dict[str, str]]:
        """What `ratchet sweep --json` says of the runs."""
        shown = self.project.run("ratchet", "sweep", "sweep.yaml", "--json")
        assert shown.returncode == 0, shown.stderr
        rows: list[dict[str, str]] = json.loads(shown.stdout)
        return rows

    def outs(self) -> dict[str, dict[str, str]]:
        """Experiment → path → DVC's hash of each table and model. Each is there once."""
        listed = self.project.run("git", "for-each-ref", "--format=%(refname)", "refs/exps/")
        refs = [ref for ref in listed.stdout.split() if "rft" in ref]
        assert len(refs) == len({ref.rpartition("/")[2] for ref in refs}), refs
        return {ref.rpartition("/")[2]: self._outs_of(ref) for ref in refs}

    def _outs_of(self, ref: str) -> dict[str, str]:
        found = {}
        for lock in DVC_LOCKS:
            shown = self.project.run("git", "show", f"{ref}:{lock}").stdout
            for stage in yaml.load(shown, yaml.CSafeLoader)["stages"].values():
                for out in stage.get("outs", []):
                    found[out["path"].removeprefix("../")] = out["md5"]
        return {name: md5 for name, md5 in found.items() if name.startswith(("data/", "models/"))}

    def drawn(self) -> int:
        """How many draws engines were asked for."""
        return sum(map(int, self.asked.read_text().split())) if self.asked.exists() else 0

    def kept(self) -> int:
        """How many the ledger has; each is there once."""
        return n_draws(self.folder / ".dvc/cache/ledger")

    def leftovers(self) -> list[str]:
        """Locks, folders and changes that an interruption left: none of them is the user's."""
        top = self.folder
        names = [*top.glob(".git/**/*.lock"), *top.glob(".dvc/tmp/exps/standalone/tmp*/*")]
        names += top.glob(".dvc/tmp/reproduce/*.running")
        names += [f for f in top.glob(".dvc/cache/ledger/**/*.partial") if f.is_file()]
        found = [str(name.relative_to(top)) for name in names]
        git = self.project.run
        found += git("git", "status", "--porcelain", "--untracked-files=no").stdout.splitlines()
        found += git("git", "stash", "list").stdout.splitlines()
        found += git("git", "for-each-ref", "refs/exps/stash", "refs/exps/temp").stdout.splitlines()
        head = git("git", "symbolic-ref", "--quiet", "HEAD").stdout.strip()
        return found if head else [*found, "HEAD is detached"]


def test_an_interrupted_sweep_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = Sweep(tmp_path / "undisturbed")
    started = time.perf_counter()
    undisturbed.begin()
    undisturbed.settle()
    interrupt_sweeps(undisturbed, time.perf_counter() - started, tmp_path)


def interrupt_sweeps(undisturbed: Sweep, takes: float, tmp_path: Path) -> None:
    """Makes sweeps with interruptions until none are left, and compares each with the first."""
    todo, chance = draw_interruptions("sweep"), Random(f"{SEED} victims")
    expected = undisturbed.outs()
    assert len(expected) == 2 and undisturbed.drawn() == undisturbed.kept()
    done, rounds, repeated = Counter[str](), 0, 0
    while todo:
        sweep = Sweep(tmp_path / f"interrupted_{rounds}")
        lost = 0
        while any(row["state"] != "there" for row in sweep.rows()):
            sweep.begin()
            while todo and sweep.lasts(todo[-1].at * takes / AT_A_TIME):
                victim = chance.choice(VICTIMS)
                if hit := sweep.interrupt(victim, todo[-1], chance):
                    interruption = todo.pop()
                    lost += SHARD * (2 if victim == "sweep" else 1)
                    done[f"{interruption.number.name} {victim}"] += 1
                    print(f"sweep: {interruption.number.name} to {hit}", flush=True)
                    if victim == "sweep":
                        while not sweep.ends(LOOK_S):
                            pass
                        sweep.begin()
            sweep.settle()
        rounds += 1
        assert sweep.outs() == expected, repeats("sweep")
        assert sweep.kept() == undisturbed.kept() and sweep.drawn() - sweep.kept() <= lost
        assert sweep.leftovers() == [], repeats("sweep")
        repeated += sweep.drawn() - sweep.kept()
    print(f"\n{repeats('sweep')}: {done.total()} interruptions ({dict(done)}) of {rounds} sweeps, "
          f"{takes:.0f} s undisturbed; {repeated} draws repeated")  # fmt: skip
