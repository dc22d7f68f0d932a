"""What the kernel refuses to every process of a sandbox: calls that reach other processes.

A seccomp filter, set once in the first process and inherited by all. It refuses what would change
another process's limits, priority or processors, keyrings and System V objects (both outlive who
made them), namespaces, and sockets that are no pipe between processes. `traces` finds changes where
a kernel or a processor has no such filter.

A second one, set in the fork that runs a program, refuses other processes, but no threads: so the
limit of the one process is the limit of the run, in memory above all.

Numbers: linux/audit.h, linux/seccomp.h, linux/bpf_common.h, asm/unistd_64.h, asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
AF_UNIX, NEW_NAMESPACES, X32 = 1, 0x7E02_0000, 0x4000_0000
MACHINES = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}  # mark, column below
ALWAYS = {
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "bpf": (321, 280),
    "io_uring_setup": (425, 425),
}  # fmt: skip
UNLESS = {  # refused unless these arguments have these values: 0 is the caller itself
    "prlimit64": ((302, 261), {0: 0}),
    "setpriority": ((141, 140), {0: 0, 1: 0}),
    "sched_setparam": ((142, 118), {0: 0}),
    "sched_setscheduler": ((144, 119), {0: 0}),
    "sched_setaffinity": ((203, 122), {0: 0}),
    "sched_setattr": ((314, 274), {0: 0}),
    "ioprio_set": ((251, 30), {0: 1, 1: 0}),
    "socket": ((41, 198), {0: AF_UNIX}),
}
CLONE, CLONE3, CLONE_THREAD = (56, 220), (435, 435), 0x1_0000
PROCESSES = {"fork": (57, None), "vfork": (58, None), "memfd_create": (319, 279)}
LOAD, EQUAL, AT_LEAST, ANY_BIT, END = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE = 0x7FFF_0000, 0x0005_0000
Step = tuple[int, int, int, int]
"""(operation, steps to skip if true, steps to skip if false, number)"""


class Filter:
    """A filter for this machine, ready to be set; none where there is no such filter."""

    def __init__(self, steps_for: Callable[[int, int], list[Step]]) -> None:
        machine = MACHINES.get(os.uname().machine)
        if sys.maxsize < 1 << 32 or sys.byteorder != "little":
            machine = None
        steps = steps_for(*machine) if machine else []
        code = b"".join(struct.pack("HBBI", *step) for step in steps)
        self._text = ctypes.create_string_buffer(code)
        self._program = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(self._text))

    def set(self) -> bool:
        """Sets it for this process and all it starts; False where there is none to set."""
        LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return not LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self._program, 0, 0)


def process_steps(mark: int, column: int) -> list[Step]:
    """The filter that refuses other processes, and memory that is outside of the limit."""
    no, allow = (END, 0, 0, REFUSE | errno.EPERM), (END, 0, 0, ALLOW)
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, mark), no, (LOAD, 0, 0, 0)]
    for numbers in PROCESSES.values():
        if (number := numbers[column]) is not None:
            steps += [(EQUAL, 0, 1, number), no]
    return [
        *steps,
        (EQUAL, 0, 3, CLONE[column]),
        _load(0),
        (ANY_BIT, 1, 0, CLONE_THREAD),
        no,
        allow,
    ]


def steps_against_others(mark: int, column: int) -> list[Step]:
    """The filter for a processor: the first `END` that is reached decides on a call."""
    no, allow = (END, 0, 0, REFUSE | errno.EPERM), (END, 0, 0, ALLOW)
    missing = (END, 0, 0, REFUSE | errno.ENOSYS)  # the C library then uses `clone`
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, mark), no, (LOAD, 0, 0, 0), (AT_LEAST, 0, 1, X32), no]
    for numbers in ALWAYS.values():
        steps += [(EQUAL, 0, 1, numbers[column]), no]
    steps += [(EQUAL, 0, 1, CLONE3[column]), missing]
    steps += [(EQUAL, 0, 4, CLONE[column]), _load(0), (ANY_BIT, 0, 1, NEW_NAMESPACES), no, allow]
    for numbers, wanted in UNLESS.values():
        steps.append((EQUAL, 0, 3 * len(wanted) + 1, numbers[column]))
        for position, value in wanted.items():
            steps += [_load(position), (EQUAL, 1, 0, value), no]
        steps.append(allow)
    return [*steps, allow]


def _load(argument: int) -> Step:
    return LOAD, 0, 0, 16 + 8 * argument
