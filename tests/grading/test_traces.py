"""What is noticed after a job, and what the kernel is asked to refuse."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.grading.pool import ROOT
from stages.grading.programs.inside import refusals
from tests.fakes.attacks import ADD_KEY, IOPRIO_SET

LOOK = """
import ctypes, os, resource, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from stages.grading.programs.inside import refusals, traces
traces.TMP = {tmp!r}
TMP = Path(traces.TMP)
traces.leave_session_keyring()
libc = ctypes.CDLL(None, use_errno=True)
before = traces.now()
assert traces.now() == before
{change}
print("same" if traces.now() == before else "changed")
"""
CHANGES = {
    "a limit": "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "a soft limit": "resource.setrlimit(resource.RLIMIT_STACK, (1 << 22, -1))",
    "priority": "os.nice(1)",
    "scheduling": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "processors": "os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})",
    "input and output": f"assert libc.syscall({IOPRIO_SET}, 1, 0, 3 << 13) == 0",
    "folder": "os.chdir('/')",
    "mask": "os.umask(0o777)",
    "signals": "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])",
    "a file": "(TMP / 'x').write_text('')",
    "a file made and removed": "time = __import__('time'); time.sleep(0.02)\n"
    "(TMP / 'x').touch(); (TMP / 'x').unlink()",
    "rights of tmp": "TMP.chmod(0o711)",
    "time of tmp": "time = __import__('time'); time.sleep(0.02)\nos.utime(traces.TMP, (7, 7))",
    "a key": f"assert libc.syscall({ADD_KEY}, b'user', b'x', b'y', 1, -3) > 0",
}
NO_TRACE = {
    "nothing": "",
    "a file that is read": "list(TMP.iterdir())",
    "a child": "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
}


def look(change: str, tmp_path: Path) -> str:
    script = LOOK.format(root=str(ROOT), tmp=str(tmp_path), change=change)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_leaves_a_trace(name: str, tmp_path: Path) -> None:
    assert look(CHANGES[name], tmp_path) == "changed"


@pytest.mark.parametrize("name", NO_TRACE)
def test_what_changes_nothing_leaves_none(name: str, tmp_path: Path) -> None:
    assert look(NO_TRACE[name], tmp_path) == "same"


def run_filter(
    mark: int,
    column: int,
    number: int,
    arguments: tuple[int, ...],
    steps_for: Callable[[int, int], list[refusals.Step]] = refusals.steps_against_others,
) -> int:
    """What the filter answers to a system call; 0 allows it."""
    steps, here, held = steps_for(mark, column), 0, 0
    while True:
        operation, if_true, if_false, value = steps[here]
        here += 1
        if operation == refusals.END:
            return value & 0xFFFF if value != refusals.ALLOW else 0
        if operation == refusals.LOAD:
            held = {0: number, 4: mark}.get(value) or 0
            if value >= 16:
                held = arguments[(value - 16) // 8]
            continue
        test = {
            refusals.EQUAL: held == value,
            refusals.AT_LEAST: held >= value,
            refusals.ANY_BIT: bool(held & value),
        }[operation]
        here += if_true if test else if_false


@pytest.mark.parametrize("machine", refusals.MACHINES)
def test_the_filter_refuses_what_reaches_others_alone(machine: str) -> None:
    mark, column = refusals.MACHINES[machine]
    for numbers in refusals.ALWAYS.values():
        assert run_filter(mark, column, numbers[column], (0, 0)) == 1
    for numbers, wanted in refusals.UNLESS.values():
        own = tuple(wanted.get(n, 5) for n in range(2))
        assert run_filter(mark, column, numbers[column], own) == 0
        for position in wanted:
            other = tuple(value + (n == position) for n, value in enumerate(own))
            assert run_filter(mark, column, numbers[column], other) == 1
    assert run_filter(mark, column, refusals.CLONE[column], (0x1200011, 0)) == 0
    assert run_filter(mark, column, refusals.CLONE[column], (0x10000000, 0)) == 1
    assert run_filter(mark, column, refusals.CLONE3[column], (0, 0)) == 38
    assert [run_filter(mark, column, n, (1, 1)) for n in (500, 0)] == [0, 0]
    assert run_filter(mark, column, 0x4000_0000 | 250, (1, 1)) == 1


@pytest.mark.parametrize("machine", refusals.MACHINES)
def test_a_program_is_one_process_with_any_threads(machine: str) -> None:
    mark, column = refusals.MACHINES[machine]

    def answer(number: int, flags: int = 0) -> int:
        return run_filter(mark, column, number, (flags, 0), refusals.process_steps)

    assert answer(refusals.CLONE[column], 0x3D0F00) == 0
    assert answer(refusals.CLONE[column], 0x1200011) == 1
    assert answer(refusals.CLONE[column], 0x4111) == 1
    assert all(answer(n[column]) == 1 for n in refusals.PROCESSES.values() if n[column])
    assert answer(refusals.UNLESS["socket"][0][column]) == 0
