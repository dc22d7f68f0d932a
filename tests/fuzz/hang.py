"""Does a process hang? Its processor time says so beside the clock, which a busy machine stretches.

One that waits for its turn is not asleep, however long it takes; one that is asleep uses no time.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ASLEEP_S = 300.0  # for the clock, without any processor time: no case waits for anything so long
BUSY_S = 300.0  # of processor time; a case needs about a second, and a worker twenty to start
LOOK_S = 2.0  # between two looks
ASLEEP = set("SI")  # states of Linux's threads; R waits for its turn too, D for a disk


@dataclass(frozen=True)
class Look:
    """What processes and all that they started have used by now, and whether all are asleep."""

    clock_s: float
    processor_s: float
    is_asleep: bool


def look_at(*pids: int) -> Look:
    """A look at processes that have not been waited for."""
    processor_s, states, those = 0.0, set[str](), dict[int, psutil.Process]()
    for pid in pids:
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            those |= {process.pid: process for process in [root, *root.children(recursive=True)]}
    for process in those.values():
        with suppress(psutil.Error, OSError):
            processor_s += sum(process.cpu_times()[:4])  # with those of children that ended
            states |= set(_states(process.pid))
    return Look(time.monotonic(), processor_s, states <= ASLEEP)


def _states(pid: int) -> list[str]:
    stats = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    return [stat.rpartition(")")[2].split()[0] for stat in stats]


def find_hang(looks: Sequence[Look], asleep_s: float = ASLEEP_S, busy_s: float = BUSY_S) -> str:
    """Why a process hangs, by all looks at it in order; "" if it does not."""
    first, last = looks[0], looks[-1]
    if (used := last.processor_s - first.processor_s) > busy_s:
        return f"hung: it has used {used:.0f} s of processor time"
    since = last
    for look in reversed(looks):
        if not look.is_asleep or look.processor_s != last.processor_s:
            break
        since = look
    if (idle := last.clock_s - since.clock_s) > asleep_s:
        return f"hung: it has been asleep for {idle:.0f} s"
    return ""
