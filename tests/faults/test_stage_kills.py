"""Each stage is interrupted at random moments and run again: it ends like an undisturbed one.

The stages run on a very small toy, without DVC; tests/loop has the same with it.
"""

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import polars as pl
import pytest

from stages.contract.dvc_files import ONCE, ROOT
from stages.contract.stage_list import STAGES
from tests.compare_folders import content, differences, digests
from tests.faults.interruptions import SEED, draw_interruptions, repeats
from tests.faults.small_run import SHARD, Run, make_whole

pytestmark = pytest.mark.fault

PAGES = ("report.html", "metrics.json", "scores.json", "plots/*")


def test_two_runs_make_the_same(undisturbed: Run, tmp_path: Path) -> None:
    made = make_whole(tmp_path)  # whose report has other times
    assert differences(content(undisturbed.folder), content(made.folder)) == []


def everything(run: Run) -> dict[str, str]:
    """Name → digest of all that must be equal: of tables, models and what the report writes.

    The report's figures of time and the costs are the run's own, which a copy of it shares.
    """
    pages = [file for name in PAGES for file in run.folder.glob(name)]
    return content(run.folder) | digests(run.folder, pages)


@dataclass(frozen=True)
class End:
    """How a stage ended: its exit status, what it printed, how many processes outlived it."""

    code: int
    printed: str
    left: int


class Nursery:
    """Forks stages of a run and interrupts them: see faults/nursery.py."""

    def __init__(self, run: Run) -> None:
        nursery = str(ROOT / "tests/faults/nursery.py")
        self.process = run.start(nursery, stdin=subprocess.PIPE, stderr=None)
        assert self.process.stdin and self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        assert self.stdout.readline() == "ready\n"

    def run(self, run: Run, stage: str, number: int = 0, after_s: float | None = None) -> End:
        """Runs a stage, and sends it a signal after so many seconds."""
        wanted = {"folder": str(run.folder), "name": stage, "number": number, "after_s": after_s}
        print(json.dumps(wanted), file=self.stdin, flush=True)
        return End(**json.loads(self.stdout.readline()))


@pytest.fixture(scope="module")
def nursery(undisturbed: Run) -> Iterator[Nursery]:
    made = Nursery(undisturbed)
    yield made
    made.process.communicate()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_interrupted_at_any_time_ends_like_an_undisturbed_one(
    run: Run, nursery: Nursery, stage: str
) -> None:
    expected, chance = everything(run), Random(f"{SEED} {stage}")
    started = time.perf_counter()
    require_end(nursery.run(run, stage))
    takes, asked, cost = time.perf_counter() - started, run.drawn(), draws_in_costs(run, stage)
    assert differences(expected, everything(run)) == [] and run.draws() == asked
    todo, done, missed, repeated = draw_interruptions(stage), Counter[str](), 0, 0
    sooner = 1.0
    while todo:
        run.forget()
        ended = False
        while not ended:
            before = run.drawn() - run.draws()
            if todo and chance.random() < 0.8:  # else it is left alone, and must end well
                after_s = max(0.005, todo[-1].at * takes * sooner)
                end = nursery.run(run, stage, todo[-1].number, after_s)
                ended = end.code == 0
                if ended:  # before the signal: it had less to do, or the machine has more time
                    missed, sooner = missed + 1, sooner * 0.8
                else:
                    number, sooner = todo.pop().number, 1.0
                    require_interruption(end, stage, number)
                    done[number.name] += 1
            else:
                end = nursery.run(run, stage)
                require_end(end)
                ended = True
            assert end.left == 0, f"{end.left} processes outlive it ({repeats(stage)})"
            lost = run.drawn() - run.draws() - before
            assert 0 <= lost <= SHARD, repeats(stage)
            assert half_written(expected, run) == [], repeats(stage)
            repeated += lost
        assert differences(expected, everything(run)) == [], repeats(stage)
        assert run.draws() == asked and draws_in_costs(run, stage) == cost, repeats(stage)
    counted = ", ".join(f"{n} {name}" for name, n in sorted(done.items()))
    print(f"\n{repeats(stage)}: {done.total()} interruptions ({counted or 'none'}; "
          f"{missed} came too late), {takes:.2f} s undisturbed; "
          f"{asked} draws, {repeated} repeated in all")  # fmt: skip


def require_end(end: End) -> None:
    assert end.code == 0, end.printed


def require_interruption(end: End, stage: str, number: signal.Signals) -> None:
    """One line says it, unless the signal is one that no process hears."""
    if number == signal.SIGKILL:
        assert end.code == -number and "Traceback" not in end.printed, end.printed
        return
    lines = [line for line in end.printed.splitlines() if line]
    line = f"{stage}: interrupted; `dvc repro` resumes from here"
    assert end.code == 1 and lines[-1:] == [line], end.printed
    assert "Traceback" not in end.printed, end.printed


def half_written(expected: dict[str, str], run: Run) -> list[str]:
    """Tables and pages that are there, and are not what an undisturbed run has there."""
    there = everything(run)
    return [name for name in there if is_file_alone(name) and there[name] != expected.get(name)]


def is_file_alone(name: str) -> bool:
    """A model is a folder that a stage fills; DVC takes it when the stage has ended well."""
    return not name.startswith("models/")


def draws_in_costs(run: Run, stage: str) -> int:
    """Draws that the stage made or found, by its own record."""
    iteration = int(stage not in ONCE)
    file = run.folder / f"measured/costs/iteration={iteration}/stage={stage}/part.parquet"
    if not file.exists():
        return 0
    row = pl.read_parquet(file, hive_partitioning=False).row(0, named=True)
    return int(row["n_draws"] + row["n_draws_reused"])
