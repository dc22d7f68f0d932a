"""The process that stays: one fork for each job, ended and cleared away with all it started.

It is the first process of its own process namespace. No signal from inside reaches it, it is not
dumpable, and when a job is over it kills every other process there is. A job that leaves a file
or a shared memory behind makes the sandbox used up: its supervisor starts another.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

from . import program, tests

HEAVY = re.compile(rb"\b(numpy|sympy|scipy|pandas)\b")
LIGHT = [
    "bisect",
    "cmath",
    "collections",
    "copy",
    "datetime",
    "decimal",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "random",
    "re",
    "statistics",
    "string",
    "typing",
]
PRINTED_BYTES = 1 << 16
SHM_INFO, MSG_INFO, SEM_INFO, SEMAPHORE_SETS = 14, 12, 19, 7  # linux/shm.h, msg.h, sem.h
PR_SET_DUMPABLE = 4
LIBC = ctypes.CDLL(None)
Job = dict[str, Any]


def main() -> None:
    """Serves one job after another until the supervisor closes the socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    alone = os.getpid() == 1
    _drop_rights(json.loads(sys.argv[2]))
    for name in LIGHT:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    gc.collect()
    gc.freeze()
    _send(control, {"ready": True})
    while received := receive(control):
        job, channel = received
        _send(control, _run(job, channel, control, alone))


def receive(control: socket.socket) -> tuple[Job, int] | None:
    """(job, the descriptor that came with it), or None when there are no more."""
    head, fds, _, _ = socket.recv_fds(control, 4, 1)
    if len(head) < 4:
        return None
    rest = struct.unpack("!I", head)[0]
    parts = []
    while rest:
        parts.append(control.recv(min(rest, 1 << 16)))
        rest -= len(parts[-1])
    raw = b"".join(parts)
    for name in {match.decode() for match in HEAVY.findall(raw)}:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)  # once, here, for all that fork from here
    return json.loads(raw), fds[0]


def _run(job: Job, channel: int, control: socket.socket, alone: bool) -> dict[str, Any]:
    """Runs a job in a fork and tells how it ended."""
    printed = os.memfd_create("printed")
    report, reporting = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            control.close()
            os.close(report)
            _confine(job, printed)
            os.write(reporting, json.dumps(_work(job, channel)).encode()[:4000])
            sys.stdout.flush()
        finally:
            os._exit(0)
    os.close(channel)
    os.close(reporting)
    status, cpu_s, late = _wait(child, job["wall_s"], alone)
    said = os.read(report, 4096)
    os.close(report)
    tail = max(0, os.fstat(printed).st_size - PRINTED_BYTES)
    text = os.pread(printed, PRINTED_BYTES, tail)
    os.close(printed)
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "cpu_s": cpu_s,
        "late": late,
        "report": said.decode(errors="replace"),
        "printed": text.decode(errors="replace"),
        "used_up": alone and _left_behind(),
    }


def _work(job: Job, channel: int) -> Any:
    if job["role"] == "print":
        return program.run_and_print(job["code"])
    with socket.socket(fileno=channel) as other, other.makefile("rw") as stream:
        if job["role"] == "tests":
            return tests.run_tests(job["tests"], job["reference"], stream)
        program.run_and_serve(job["code"], stream)
        return None


def _confine(job: Job, printed: int) -> None:
    """Limits, and nothing but an empty tmp and the printed text to hold on to."""
    os.setsid()
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(printed if job["role"] == "print" else nothing, 1)
    os.dup2(nothing, 2)
    os.chdir("/tmp")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    whole_s = int(job["cpu_s"]) + 1
    limits = {
        resource.RLIMIT_CPU: whole_s,  # which a program cannot put off, as it can the timer
        resource.RLIMIT_AS: job["memory_bytes"],
        resource.RLIMIT_FSIZE: job["file_bytes"],
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: job["processes"],
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for which, limit in limits.items():
        with contextlib.suppress(ValueError, OSError):  # a lower limit may be set already
            resource.setrlimit(which, (limit, limit))
    signal.setitimer(signal.ITIMER_PROF, job["cpu_s"])


def _wait(child: int, wall_s: float, alone: bool) -> tuple[int, float, bool]:
    """(the child's status, CPU seconds of it and all it left, out of time), when none is left."""
    deadline = time.monotonic() + wall_s
    status, cpu_s, late = None, 0.0, False
    while status is None:
        pid, ended, usage = os.wait4(-1, os.WNOHANG)
        if pid == 0:
            left = deadline - time.monotonic()
            if left <= 0 or signal.sigtimedwait({signal.SIGCHLD}, left) is None:
                late = True
                _kill_all(child, alone)
            continue
        cpu_s += usage.ru_utime + usage.ru_stime
        status = ended if pid == child else None
    _kill_all(child, alone)
    with contextlib.suppress(ChildProcessError):
        while True:
            usage = os.wait4(-1, 0)[2]
            cpu_s += usage.ru_utime + usage.ru_stime
    return status, cpu_s, late


def _kill_all(child: int, alone: bool) -> None:
    """Ends everything but this process: atomically, so that no fork escapes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1 if alone else -child, signal.SIGKILL)


def _drop_rights(user: int | None) -> None:
    """Becomes a user of its own where it starts as root; nobody of that user may look inside."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if os.getpid() == 1:
        LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _left_behind() -> bool:
    """Whether a job left files or System V objects: all else ended with its processes."""
    found = (ctypes.c_int * 64)()
    LIBC.shmctl(0, SHM_INFO, found)
    shared = found[0]
    LIBC.msgctl(0, MSG_INFO, found)
    queues = found[0]
    LIBC.semctl(0, 0, SEM_INFO, found)
    return bool(any(Path("/tmp").iterdir()) or shared or queues or found[SEMAPHORE_SETS])


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    raw = json.dumps(message).encode()
    control.sendall(struct.pack("!I", len(raw)) + raw)


if __name__ == "__main__":
    main()
