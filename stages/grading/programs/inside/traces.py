"""What a job could leave for the next one: everything here must be the same after it.

Of a process: limits, priority, scheduling, processors, folder, mask of new files, blocked signals.
Of the sandbox: its tmp, keyrings, System V objects.
"""

import ctypes
import os
import resource
import signal
from typing import Any

LIBC = ctypes.CDLL(None)
SHM_INFO, MSG_INFO, SEM_INFO, SEMAPHORE_SETS = 14, 12, 19, 7  # linux/shm.h, msg.h, sem.h
USER_KEYRING, SESSION_KEYRING = -4, -3
KEYCTL_JOIN_SESSION, KEYCTL_READ = 1, 11  # linux/keyctl.h
NUMBERS = {"x86_64": (250, 252), "aarch64": (219, 31)}
KEYCTL, IOPRIO_GET = NUMBERS.get(os.uname().machine, (0, 0))  # 0 where they are not known
LIMITS = range(resource.RLIMIT_RTTIME + 1)
TMP = "/tmp"


def now(filtered: bool = False) -> tuple[Any, ...]:
    """The state of this process and of its sandbox; equal states compare equal.

    filtered: without what the filter of `refusals` keeps as it is, keyrings and System V objects.
    """
    return (*_of_process(), *_of_tmp(), *(() if filtered else _of_kernel()))


def leave_session_keyring() -> None:
    """Begins a session keyring of its own: the caller's user may keep secrets in theirs."""
    if KEYCTL:
        LIBC.syscall(KEYCTL, KEYCTL_JOIN_SESSION, None)


def _of_process() -> tuple[Any, ...]:
    umask = os.umask(0o022)
    os.umask(umask)
    return (
        *map(resource.getrlimit, LIMITS),
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getscheduler(0),
        os.sched_getparam(0).sched_priority,
        os.sched_getaffinity(0),
        LIBC.syscall(IOPRIO_GET, 1, 0) if IOPRIO_GET else None,
        os.getcwd(),  # noqa: PTH109 - a sandbox does without pathlib, which loads slowly
        umask,
        signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    )


def _of_kernel() -> tuple[Any, ...]:
    counts = (ctypes.c_int * 64)()
    LIBC.shmctl(0, SHM_INFO, counts)
    shared = counts[0]
    LIBC.msgctl(0, MSG_INFO, counts)
    queues = counts[0]
    LIBC.semctl(0, 0, SEM_INFO, counts)
    return shared, queues, counts[SEMAPHORE_SETS], *_keyrings()


def _of_tmp() -> tuple[Any, ...]:
    tmp = os.stat(TMP)  # noqa: PTH116  # any change of it changes the time of its last change
    marks = tmp.st_mode, tmp.st_uid, tmp.st_gid, tmp.st_nlink, tmp.st_ctime_ns
    files = sorted(entry.name for entry in os.scandir(TMP))
    return *marks, *files


def _keyrings() -> list[bytes]:
    """What the two keyrings hold; nothing where the kernel has none or refuses them."""
    held = []
    for ring in (USER_KEYRING, SESSION_KEYRING) if KEYCTL else ():
        keys = ctypes.create_string_buffer(256)
        n_bytes = LIBC.syscall(KEYCTL, KEYCTL_READ, ring, keys, len(keys), 0)
        held.append(keys.raw[: max(0, n_bytes)])
    return held
