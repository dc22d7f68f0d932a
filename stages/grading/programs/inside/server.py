"""The process that stays: it forks once for each job, and ends the fork and all it started.

It is the first process of its own process namespace. No signal from inside reaches it, it is not
dumpable, the kernel refuses what would change its state (`refusals`), and when a job is over it
kills every other process there is. A job that leaves anything behind all the same (`traces`) makes
the sandbox used up: its supervisor starts another.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import site
import socket
import struct
import sys
from typing import Any

from . import program, refusals, tests, traces
from .channel import Channel

HEAVY = ["numpy", "sympy", "scipy", "pandas"]
HEAD = struct.Struct("!Id")  # bytes of the job, seconds on the clock
READY = b"ready\n"
LONGEST_MS = 1 << 30  # the most that poll accepts
REPORT_BYTES = 4000
LIGHT = [
    *("bisect", "cmath", "collections", "copy", "datetime", "decimal", "fractions", "functools"),
    *("heapq", "itertools", "math", "operator", "random", "re", "statistics", "string", "typing"),
]
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
LIBC = ctypes.CDLL(None)
Job = dict[str, Any]


def main() -> None:
    """Serves one job after another until the supervisor closes the socket.

    This process sees only the length of a job's text: the fork reads the text and writes results to
    the supervisor's own files. So nothing of a job is here when the next one runs.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    alone = os.getpid() == 1
    _drop_rights(json.loads(sys.argv[2]))
    for name in LIGHT + json.loads(sys.argv[3]):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    site.setquit()  # which Python does itself unless it starts without `site`
    site.sethelper()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    filtered = False
    if alone:
        traces.leave_session_keyring()
        filtered = refusals.Filter(refusals.steps_against_others).set()
    before = traces.now(filtered) if alone else None
    one_process = refusals.Filter(refusals.process_steps) if alone else None
    gc.collect()
    gc.freeze()
    control.sendall(READY)
    while received := _receive_job(control):
        end = _run(control, *received, one_process)
        end["used_up"] = alone and traces.now(filtered) != before
        control.sendall(json.dumps(end).encode() + b"\n")


def _receive_job(control: socket.socket) -> tuple[int, float, list[int]] | None:
    """(bytes of the job's text, seconds on the clock, descriptors); None if there are no more."""
    head, fds, _, _ = socket.recv_fds(control, HEAD.size, 3, socket.MSG_WAITALL)
    if len(head) < HEAD.size:
        return None
    n_bytes, wall_s = HEAD.unpack(head)
    return n_bytes, wall_s, fds


def _run(
    control: socket.socket,
    n_bytes: int,
    wall_s: float,
    fds: list[int],
    one_process: refusals.Filter | None,
) -> dict[str, Any]:
    """Runs a job in a fork and returns how it ended; one_process: its filter, in a sandbox."""
    alone = one_process is not None
    ready, reading = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            job = json.loads(_read(control, n_bytes))
            control.close()
            os.close(reading)
            os.close(ready)
            channel, report_file, printed = fds
            _confine(job, printed)
            if one_process and job["role"] != "tests":
                one_process.set()
            tests.seed()  # here, since Python draws another seed in every fork
            report = json.dumps(_work(job, channel, alone))
            sys.stdout.flush()
            os.write(report_file, report.encode()[:REPORT_BYTES])
        finally:
            os._exit(0)
    os.close(reading)
    os.read(ready, 1)  # until the fork has taken its job
    for fd in (ready, *fds):
        os.close(fd)
    status, cpu_s, late = _wait(child, wall_s, alone)
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "cpu_s": cpu_s,
        "late": late,
    }


def _read(control: socket.socket, n_bytes: int) -> bytes:
    received = b""
    while len(received) < n_bytes:
        chunk = control.recv(n_bytes - len(received))
        if not chunk:
            raise EOFError("the supervisor has gone")
        received += chunk
    return received


def _work(job: Job, channel: int, sealed: bool) -> Any:
    if job["role"] == "print":
        return program.run_and_print(job["given"], job["code"])
    if job["role"] == "stdin":
        return program.run_as_script(job["given"], job["code"])[1]
    if job["role"] == "tests":
        suite = job["given"], job["tests"], job["reference"]
        return tests.serve_tests(*suite, job["cpu_s"], job["wall_s"], channel, sealed)
    connection = Channel(socket.socket(fileno=channel))
    return program.run_and_serve(job["given"], job["code"], connection)


def _confine(job: Job, printed: int) -> None:
    """Sets the limits; leaves nothing open but an empty tmp and the file for printed text."""
    os.setsid()
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(_input(job["input"]) if "input" in job else nothing, 0)
    os.dup2(printed if job["role"] in ("print", "stdin") else nothing, 1)
    os.dup2(nothing, 2)
    os.chdir("/tmp")
    limits = {
        resource.RLIMIT_AS: job["memory_bytes"],
        resource.RLIMIT_FSIZE: job["file_bytes"],
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: job["processes"],
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_CORE: 0,
    }
    if job["role"] != "tests":  # a program can turn off the timer, but not this
        limits[resource.RLIMIT_CPU] = int(job["cpu_s"]) + 1
    for which, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a lower limit may be set already
            resource.setrlimit(which, (limit, limit))
    signal.setitimer(signal.ITIMER_PROF, job["cpu_s"])


def _input(text: str) -> int:
    """A file in memory that holds the text, to be read from its start."""
    held = os.memfd_create("input")
    with open(held, "wb", closefd=False) as file:
        file.write(text.encode(errors="surrogateescape"))
    os.lseek(held, 0, os.SEEK_SET)
    return held


def _wait(child: int, wall_s: float, alone: bool) -> tuple[int, float, bool]:
    """(the child's status, CPU seconds of it and all it left, out of time), once all have ended."""
    watched = os.pidfd_open(child)
    ended = select.poll()
    ended.register(watched)
    late = not ended.poll(min(1000 * wall_s, LONGEST_MS))
    os.close(watched)
    _kill_all(child, alone)
    status, cpu_s = 0, 0.0
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, code, usage = os.wait4(-1, 0)
            cpu_s += usage.ru_utime + usage.ru_stime
            status = code if pid == child else status
    return status, cpu_s, late


def _kill_all(child: int, alone: bool) -> None:
    """Ends everything but this process: atomically, so that no fork escapes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1 if alone else -child, signal.SIGKILL)


def _drop_rights(user: int | None) -> None:
    """Becomes a user of its own if it starts as root; not even that user may look inside."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # the change of user cleared it
    if os.getpid() == 1:
        LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    main()
