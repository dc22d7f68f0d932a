"""Makes runs that are not there: DVC's experiments, in their own folders, or queued."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path

from schemas.errors import RatchetError
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.run_process import stop, take_log
from stages.explore.reproduce.run_search import Found, failure_log, last_error, running_log
from stages.explore.reproduce.run_setup import has_begun, remove_leftovers, set_up_alone
from stages.explore.reproduce.shared_stages import SharedStages
from stages.planning.plan_text import duration
from stages.results import terminal

OPEN = ("missing", "failed")


@dataclass
class UnderWay:
    """The processes of this command's runs, by name; ends: no more are to start."""

    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    ends: bool = False


def command(run: NeededRun, queue: bool) -> list[str]:
    """The command that makes a run: `dvc exp run`, without touching the files here."""
    settings = [word for text in run.overrides for word in ("-S", text)]
    how = "--queue" if queue else "--temp"
    stages = [run.stage] if run.stage != "report" else []
    words = ["exp", "run", how, "--name", run.experiment, *settings, *stages]
    return ["dvc", "--wait-for-lock", *words]


def queue_missing(found: Sequence[Found]) -> None:
    """Puts the missing runs and those that failed into DVC's queue. Raises RatchetError."""
    for one in (one for one in found if one.state in OPEN):
        if one.state == "failed":
            _forget(one.run)
        done = _call(command(one.run, queue=True))
        if done.returncode:
            reason = last_error(done.stdout)
            raise RatchetError(f"{one.run.experiment} could not be queued: {reason}")
        terminal.note(f"queued {one.run.experiment}")
    terminal.note("`dvc queue start` runs them; the same command then shows the table")


def run_missing(found: Sequence[Found], jobs: int = 1) -> list[str]:
    """Runs the missing runs and those that failed, and returns the names of runs that failed now.

    jobs: how many at once. The output of a run that failed is kept in .dvc/tmp/reproduce/ until it
    is tried again. The runs after it still run; an interruption ends those under way.
    """
    todo = apart([one.run for one in found if one.state in OPEN])
    under_way = UnderWay()
    with ThreadPoolExecutor(jobs) as pool:
        numbered = enumerate(todo, 1)
        made = [pool.submit(_make, run, f"{n} of {len(todo)}", under_way) for n, run in numbered]
        try:
            return [name for name in (future.result() for future in made) if name]
        except BaseException:
            under_way.ends = True
            pool.shutdown(wait=False, cancel_futures=True)
            stop([*under_way.processes.values()])
            raise


def apart(runs: Sequence[NeededRun]) -> list[NeededRun]:
    """The runs in an order in which neighbours differ in M₀, as far as that goes.

    So runs that are made at once seldom train the same model twice; later ones are given it by DVC.
    """
    groups: dict[str, list[NeededRun]] = defaultdict(list)
    for run in runs:
        groups[_first_model(run)].append(run)
    return [run for run in chain(*zip_longest(*groups.values())) if run]


def _first_model(run: NeededRun) -> str:
    try:
        return SharedStages(run.values).key("sft", 0)
    except RatchetError:
        return ""  # conf/ can't compose it: DVC will say why


def _make(run: NeededRun, which: str, under_way: UnderWay) -> str:
    """Makes one run and says how it ended; returns its name if it failed, or ""."""
    name = run.experiment
    began = time.perf_counter()
    with _in_log(run) as log:
        if log is None:
            terminal.note(f"{which}: {name} is being made by another command")
            return ""
        terminal.note(f"{which}: {name}; its output is in {running_log(name)}")
        remove_leftovers(name)
        with set_up_alone(name) as setup:
            if under_way.ends:
                return ""
            process = subprocess.Popen(
                command(run, queue=False),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
                text=True,
            )
            under_way.processes[name] = process
            setup.note(process.pid)
            _wait_until_begun(process, name)
        code = process.wait()
        if code < 0:
            os.write(log, f"\nERROR: it was ended by {signal.Signals(-code).name}\n".encode())
    del under_way.processes[name]
    took = duration(time.perf_counter() - began)
    if code == 0:
        running_log(name).unlink(missing_ok=True)
        terminal.note(f"{name}: done ({took})")
        return ""
    running_log(name).replace(failure_log(name))
    reason = last_error(failure_log(name).read_text(errors="replace"))
    print(f"ratchet: {name}: failed: {reason} ({took})", file=sys.stderr)
    return name


@contextmanager
def _in_log(run: NeededRun) -> Iterator[int | None]:
    """Yields the run's log, open; None while another process makes this run."""
    log = take_log(running_log(run.experiment))
    if log is None:
        yield None
        return
    failure_log(run.experiment).unlink(missing_ok=True)
    try:
        yield log
    finally:
        os.close(log)


def _wait_until_begun(process: subprocess.Popen[str], name: str) -> None:
    """Returns when DVC is at the first stage, or has ended.

    Before that it keeps the run's settings where another that begins would find them first.
    """
    while process.poll() is None:
        if has_begun(name):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)


def _forget(run: NeededRun) -> None:
    """Removes a failed run, by its log or from DVC's queue, so that its name is free."""
    log = failure_log(run.experiment)
    if log.exists():
        log.unlink()
    else:
        _call(["dvc", "queue", "remove", run.experiment])


def _call(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_environment()
    )


def _environment() -> dict[str, str]:
    """With this Python's `dvc` first, also where no virtual environment is active."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
