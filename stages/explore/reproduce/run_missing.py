"""Runs what a table lacks: DVC's experiments, one after another in their own folders, or queued."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from schemas.errors import RatchetError
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.run_search import LOGS, Found, failure_log, last_error
from stages.planning.plan_text import duration
from stages.results import terminal

OPEN = ("missing", "failed")


def command(run: NeededRun, queue: bool) -> list[str]:
    """The command that makes a run: `dvc exp run`, without touching the files here."""
    settings = [word for text in run.overrides for word in ("-S", text)]
    how = "--queue" if queue else "--temp"
    stages = [run.stage] if run.stage != "report" else []
    return ["dvc", "exp", "run", how, "--name", run.experiment, *settings, *stages]


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


def run_missing(found: Sequence[Found]) -> list[str]:
    """Runs the missing runs and those that failed, and returns the names of runs that failed now.

    The output of a run that failed is kept in .dvc/tmp/reproduce/ until it is tried again. The runs
    after it still run.
    """
    todo = [one.run for one in found if one.state in OPEN]
    failed = []
    for number, run in enumerate(todo, 1):
        terminal.note(f"{number} of {len(todo)}: {run.experiment}; its output is in {_log(run)}")
        started = time.perf_counter()
        reason = _run(run)
        took = duration(time.perf_counter() - started)
        if reason:
            failed.append(run.experiment)
            print(f"ratchet: {run.experiment}: {reason} ({took})", file=sys.stderr)
        else:
            terminal.note(f"{run.experiment}: done ({took})")
    return failed


def _run(run: NeededRun) -> str:
    """Makes one run; returns why it failed, or ""."""
    log, kept = _log(run), failure_log(run.experiment)
    log.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)
    with log.open("w") as file:
        code = subprocess.run(
            command(run, queue=False), stdout=file, stderr=subprocess.STDOUT, env=_environment()
        ).returncode
    if code == 0:
        log.unlink()
        return ""
    log.replace(kept)
    return f"failed: {last_error(kept.read_text(errors='replace'))}"


def _log(run: NeededRun) -> Path:
    """What the run prints, until it ends."""
    return LOGS / f"{run.experiment}.running"


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
