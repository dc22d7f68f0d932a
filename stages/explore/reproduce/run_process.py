"""The processes of runs under way: which there are, and how they are ended.

A run's log is locked for as long as one of the run's processes lives, so whoever looks sees which
runs are under way, even if the command that started them was killed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

LOGS = Path(".dvc", "tmp", "reproduce")
PATIENCE_S = 20.0  # for an interrupted run to tidy up


def take_log(log: Path) -> int | None:
    """Opens a run's log, emptied and locked; None if the run is under way.

    A process that inherits the file keeps the lock.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    os.truncate(file, 0)
    return file


def is_under_way(log: Path) -> bool:
    """Whether a process has the log's lock."""
    try:
        with log.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Ends runs with all their processes: interrupts them, so that they tidy up, or kills them."""
    left = list(processes)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for process in left:
            _signal(process, number)
        left = [process for process in left if not _ends(process)]


def _ends(process: subprocess.Popen[str]) -> bool:
    try:
        process.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)  # each run leads a group
