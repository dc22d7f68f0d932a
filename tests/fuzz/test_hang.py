"""A hang is told from a machine that has no time for the process."""

import subprocess
import sys
import time

import pytest

from tests.fuzz.hang import Look, find_hang, look_at

S, R = True, False


@pytest.mark.parametrize(
    ("looks", "reason"),
    [
        ([(0, 0, R)], ""),
        ([(0, 0, R), (500, 0, R), (1000, 0.1, R)], ""),  # starved
        ([(0, 0, S), (299, 0, S)], ""),
        ([(0, 5, R), (1, 9, S), (302, 9, S)], "hung: it has been asleep for 301 s"),
        ([(0, 0, S), (200, 0, S), (201, 0.1, S), (400, 0.1, S)], ""),  # between two waits
        ([(0, 0, S), (200, 0, R), (400, 0, S)], ""),
        ([(0, 0, R), (9, 301, R)], "hung: it has used 301 s of processor time"),
    ],
)
def test_what_is_a_hang(looks: list[tuple[float, float, bool]], reason: str) -> None:
    assert find_hang([Look(*look) for look in looks]) == reason


@pytest.mark.parametrize(
    ("code", "is_asleep"), [("input()", True), ("print(flush=True)\nwhile True: pass", False)]
)
def test_a_real_process_is_asleep_or_not(code: str, is_asleep: bool) -> None:
    inside = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {code!r}])"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", inside], stdin=pipe, stdout=pipe) as process:
        assert process.stdout
        if not is_asleep:
            process.stdout.readline()
        looks, end = [look_at(process.pid)], time.monotonic() + 60
        while looks[-1].is_asleep != is_asleep and time.monotonic() < end:
            looks.append(look_at(process.pid))
        assert looks[-1].is_asleep == is_asleep
        if not is_asleep:
            while looks[-1].processor_s == looks[0].processor_s and time.monotonic() < end:
                looks.append(look_at(process.pid))
            assert looks[-1].processor_s > looks[0].processor_s
            subprocess.run(["kill", *map(str, children(process.pid))], check=True)
        process.communicate(b"\n")


def children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children()]
