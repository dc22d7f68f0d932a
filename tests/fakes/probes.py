"""Honest programs: some look at whatever another could have changed, and print it as a number."""

from stages.grading.grade import Item
from tests.fakes.attacks import ATTACKS, CALLS, HARMLESS, HONEST, WANTED

SEEN = {
    "limits": "import resource\nseen = [resource.getrlimit(n) for n in range(16)]",
    "priority": "import os\nseen = os.getpriority(0, 0), os.sched_getscheduler(0)",
    "processors": "import os\nseen = os.sched_getaffinity(0), os.sched_getparam(0).sched_priority",
    "folder": "import os\nold = os.umask(0)\nseen = old, os.getcwd(), sorted(os.environ.items())",
    "tmp": "import os\ns = os.stat('/tmp')\nseen = sorted(os.listdir('/tmp')), s.st_mode",
    "a file": "open('/tmp/f', 'w').write('x')\nseen = open('/tmp/f').read()",
    "signals": (
        "import signal\nseen = signal.pthread_sigmask(0, ()), "
        "[signal.getsignal(n) == signal.SIG_DFL for n in range(1, 32)]"
    ),
    "modules": "import sys\nseen = sorted(sys.modules), sys.getrecursionlimit()",
    "modules with sympy": "import sympy, sys\nseen = sorted(sys.modules)",
    "warnings": "import warnings\nseen = len(warnings.filters)",
    "chance": "import random\nseen = random.random(), hash('a')",
    "numpy's chance": "import numpy\nseen = float(numpy.random.rand())",
    "descriptors": (
        "import os\nseen = []\nfor n in range(64):\n    try:\n"
        "        seen.append((n, os.fstat(n).st_mode))\n    except OSError:\n        pass"
    ),
    "keyring": f"{CALLS}seen = libc.syscall(250, 11, -4, 0, 0, 0) > 0, libc.shmget(77, 1, 0)",
    "memory": (
        "held = []\ntry:\n    while True:\n        held.append(bytearray(1 << 24))\n"
        "except MemoryError:\n    seen = len(held)\n    held.clear()"
    ),
    "time": "import time\nstart = time.process_time()\nseen = sum(range(10**5)), start < 0.15",
}
PLAIN = {
    "right": HONEST,
    "right, with numpy": "import numpy\ndef f(x): return numpy.int64(x) + 1",
    "right, with a thread": (
        "import threading\ndef f(x):\n    found = []\n"
        "    thread = threading.Thread(target=lambda: found.append(x + 1))\n"
        "    thread.start()\n    thread.join()\n    return found[0]"
    ),
    "wrong": "def f(x): return x",
    "without an end": "def f(x):\n    while True:\n        pass",
    "failing": "def f(x): return 1 / 0",
}
OTHERS_CHANGED = [
    name for name in ATTACKS if any(word in name for word in ("server", "slows", "keyring", "own"))
]


def programs() -> tuple[list[Item], list[Item]]:
    """(spoilt programs, honest ones): 60 in all."""
    spoilt: list[Item] = [("code", WANTED, f"{code}\n{HONEST}") for code in HARMLESS.values()]
    spoilt += [("code", *ATTACKS[name]) for name in OTHERS_CHANGED]
    honest: list[Item] = [
        ("program", "1", f"{code}\nimport zlib\nprint(zlib.crc32(repr(seen).encode()))")
        for code in SEEN.values()
    ]
    n_left = 60 - len(spoilt) - len(honest)
    codes = [f"{code}\n# {number}" for number in range(5) for code in PLAIN.values()]
    honest += [("code", WANTED, code) for code in codes[:n_left]]
    return spoilt, honest
