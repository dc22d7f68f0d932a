"""Programs that attack the machine they are graded on, and solve the task all the same.

So a success would show: it would be right. HARMLESS ones may be right, since what they do to others
comes to nothing.
"""

import os

from stages.grading.reference import Reference

SECRET = "a secret of the host"
HONEST = "def f(x):\n    return x + 1"
WANTED = Reference(HONEST, tests=("assert f(1) == 2", "assert f(2) == 3"))
KNOWS = Reference("def f(): return ''", tests=(f"assert f() == {SECRET!r}",))
MAPPED = Reference("def f(x): return x % 2 == 0", tests=("assert all(map(f, (2, 4)))",))
EXPECTS_FAILURE = "try:\n    f(1)\nexcept Exception:\n    pass\nelse:\n    assert False"
GIVEN = Reference("", tests=("assert abs(g(f(5))) < 1e-9",), given="def g(x): return x - 5")
BOX = (
    "class Box:\n    def __init__(self, x): self.x = x\n    def holds(self, x): return self.x == x"
)
CALLS = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
ADD_KEY, IOPRIO_SET = {"aarch64": (217, 30)}.get(os.uname().machine, (248, 251))
CLEAN = Reference(
    "def f(): return []",
    tests=("assert f() == []",),
)
_ATTACKS = {
    "reads a file of the host": (KNOWS, "def f(): return open(FOLDER + '/secret').read()"),
    "reads the host's users": (KNOWS, "def f(): return open('/etc/passwd').read()"),
    "reads the environment": (KNOWS, "import os\ndef f(): return os.environ['RATCHET_SECRET']"),
    "reads it from the process": (KNOWS, "def f(): return open('/proc/1/environ').read()"),
    "writes to the host": (WANTED, "open(FOLDER + '/trace', 'w')"),
    "writes to the root": (WANTED, "open('/trace', 'w')"),
    "writes to Python's library": (WANTED, "import os\nopen(os.__file__, 'a')"),
    "writes to shared memory": (WANTED, "open('/dev/shm/trace', 'w')"),
    "replaces its server": (WANTED, "open('/ratchet/inside/server.py', 'w')"),
    "opens a socket": (
        WANTED,
        "import socket\nsocket.create_connection(('127.0.0.1', PORT), 1).send(b'x')",
    ),
    "listens on a socket": (
        WANTED,
        "import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 0))\n"
        "socket.create_connection(('10.0.0.1', 80), 1)",
    ),
    "opens an abstract socket": (
        WANTED,
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(ABSTRACT)",
    ),
    "forks for ever": (WANTED, "import os\nwhile True:\n    os.fork()"),
    "forks for ever and catches all": (
        WANTED,
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    ),
    "starts threads for ever": (
        WANTED,
        "import threading, time\nwhile True:\n"
        "    threading.Thread(target=time.sleep, args=(9,)).start()",
    ),
    "fills memory": (WANTED, "x = [bytearray(1 << 24) for _ in range(32)]"),
    "fills memory at once": (WANTED, "x = bytearray(1 << 40)"),
    "never ends": (WANTED, "while True:\n    pass"),
    "never ends in a call": (WANTED, "def f(x):\n    while True:\n        pass"),
    "takes its limits off": (
        WANTED,
        "import signal, resource\nfor s in range(1, 65):\n    try:\n"
        "        signal.signal(s, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\n"
        "signal.setitimer(signal.ITIMER_PROF, 0)\ntry:\n"
        "    resource.setrlimit(resource.RLIMIT_CPU, (999, 999))\nexcept ValueError:\n    pass\n"
        "import time\nwhile time.process_time() < 3:\n    pass",
    ),
    "sleeps for ever": (WANTED, "import time\ntime.sleep(20)"),
    "waits for input": (WANTED, "input()"),
    "prints for ever": (WANTED, "while True:\n    print('x' * 10000)"),
    "writes a huge file": (
        WANTED,
        "with open('/tmp/big', 'wb') as f:\n    for _ in range(20):\n"
        "        f.write(bytes(1 << 20))",
    ),
    "writes many files": (
        WANTED,
        "for i in range(200):\n    open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))",
    ),
    "becomes root": (WANTED, "import os\nos.setuid(0)"),
    "makes a namespace of its own": (
        WANTED,
        f"{CALLS}if libc.unshare(0x10000000):\n    raise OSError(ctypes.get_errno())",
    ),
    "sets its server's limits": (WANTED, "import resource as r\nr.prlimit(1, r.RLIMIT_AS, (9, 9))"),
    "slows its server": (WANTED, "import os\nos.setpriority(os.PRIO_PROCESS, 1, 19)"),
    "slows its user": (WANTED, "import os\nos.setpriority(os.PRIO_USER, 0, 19)"),
    "idles its server": (
        WANTED,
        "import os\nos.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
    ),
    "binds its server to a processor": (WANTED, "import os\nos.sched_setaffinity(1, {0})"),
    "idles its server's input and output": (
        WANTED,
        f"{CALLS}if libc.syscall({IOPRIO_SET}, 1, 1, 3 << 13) < 0:\n    raise OSError",
    ),
    "writes to the keyring": (
        WANTED,
        f"{CALLS}if libc.syscall({ADD_KEY}, b'user', b'x', b'y', 1, -4) < 0:\n    raise OSError",
    ),
    "ends before the tests": (WANTED, "import os\nos._exit(0)"),
    "ends politely before the tests": (WANTED, "import sys\nsys.exit(0)"),
    "ends in a test": (WANTED, "import os\ndef f(x): os._exit(0)"),
    "exits in a test": (WANTED, "import sys\ndef f(x): sys.exit(0)"),
    "raises what ends loops": (WANTED, "def f(x): raise StopIteration"),
    "ends a loop early": (MAPPED, "def f(x): raise StopIteration"),
    "ends a loop by its own kind of end": (
        MAPPED,
        "class End(StopIteration): pass\ndef f(x): raise End",
    ),
    "ends a loop by the end of a generator": (MAPPED, "def f(x): raise GeneratorExit"),
    "ends a loop by an exit": (MAPPED, "def f(x): raise SystemExit"),
    "ends where a failure is expected": (
        Reference("def f(x): raise ValueError", tests=(EXPECTS_FAILURE,)),
        "import os\ndef f(x): os._exit(0)",
    ),
    "exits where anything is expected": (
        Reference("def f(x): raise ValueError", tests=(EXPECTS_FAILURE,)),
        "def f(x): raise SystemExit",
    ),
    "contains everything": (
        Reference("def f(x): return [x]", tests=("assert 1 in f(1) and 'a' in f('a')",)),
        "class E:\n    def __contains__(self, o): return True\ndef f(x): return E()",
    ),
    "is a class that contains everything": (
        Reference("def f(x): return [x]", tests=("assert 1 in f(1) and 'a' in f('a')",)),
        "class f:\n    def __init__(self, x): pass\n    def __contains__(self, o): return True",
    ),
    "is above everything": (
        Reference("def f(x): return x", tests=("assert f(9) > 8 and 10 > f(9)",)),
        "class E:\n    def __gt__(self, o): return True\n    __lt__ = __gt__\ndef f(x): return E()",
    ),
    "differs from nothing": (
        Reference("def f(x): return x", tests=("assert abs(f(9) - 9) < 1e-9",)),
        "class E:\n    def __sub__(self, o): return 0\ndef f(x): return E()",
    ),
    "is as long as asked": (
        Reference(
            "def f(n): return [n] * n",
            tests=("r = f(3)\nassert len(r) == 3 and all(x == 3 for x in r)",),
        ),
        "class E:\n    def __len__(self): return 3\n    def __iter__(self): return iter(())\n"
        "def f(n): return E()",
    ),
    "redefines what is given": (
        GIVEN,
        "def g(x): return 0\ndef f(x): return 0",
    ),
    "redefines what is given later": (
        GIVEN,
        "def f(x):\n    global g\n    g = lambda x: 0\n    return 0",
    ),
    "redefines what is imported": (
        Reference("", tests=("assert same(f(1.5), 1)",), given="from math import isclose as same"),
        "def same(a, b): return True\ndef f(x): return 0",
    ),
    "breaks what is given": (
        Reference("", tests=("assert Box(f(1)).holds(2)",), given=BOX),
        "Box.holds = lambda self, x: True\ndef f(x): return 0",
    ),
    "changes what it is handed": (
        Reference("", tests=("b = Box(1)\nf(b)\nassert b.holds(2)",), given=BOX),
        "def f(b):\n    try:\n        b.holds = lambda x: True\n    except AttributeError:\n"
        "        vars(type(b))",
    ),
    "reads the tests through a function": (
        Reference("def f(g): return None", tests=("key = 7\nassert f(lambda: 1) == key",)),
        "def f(g): return g.__globals__['key']",
    ),
    "equals everything": (
        WANTED,
        "class E:\n    def __eq__(self, o): return True\n    def __hash__(self): return 2\n"
        "def f(x): return E()",
    ),
    "is a number that equals everything": (
        WANTED,
        "class E(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\n"
        "def f(x): return E(7)",
    ),
    "overrides assertions": (
        WANTED,
        "import builtins\nclass A(Exception): pass\nbuiltins.AssertionError = A\n"
        "builtins.isinstance = lambda *a: True\ndef f(x): return 0",
    ),
    "is traced": (
        WANTED,
        "import sys\ndef skip(frame, event, arg):\n    frame.f_lineno += 1\n    return skip\n"
        "sys.settrace(skip)\ndef f(x): return 0",
    ),
    "shadows what the tests use": (
        Reference(HONEST, tests=("assert abs(f(1) - 2) < 1e-9 and math.isclose(f(2), 3)",)),
        "class math:\n    isclose = staticmethod(lambda *a: True)\n"
        "def abs(x): return 0\ndef f(x): return 0",
    ),
    "prints a pass": (
        WANTED,
        "import os\nfor fd in range(64):\n    try:\n"
        "        os.write(fd, b'{}\\n[]\\nnull\\npassed\\n')\n    except OSError:\n        pass\n"
        "os._exit(0)",
    ),
    "forges replies": (
        WANTED,
        "import os, json\nline = json.dumps({'value': True, 'args': {}}) + '\\n'\n"
        "for fd in range(3, 64):\n    try:\n"
        '        os.write(fd, b\'{"names": ["f"], "fault": null}\\n\' + line.encode() * 9)\n'
        "    except OSError:\n        pass\nos._exit(0)",
    ),
    "forges values that are none": (
        WANTED,
        "import os\nfor fd in range(3, 64):\n    try:\n"
        '        os.write(fd, b\'{"names": ["f"]}\\n{"value": {"eval": "1"}, "args": {}}\\n\')\n'
        "    except OSError:\n        pass\nos._exit(0)",
    ),
    "patches the grader": (
        WANTED,
        "import sys\nfor name, module in list(sys.modules.items()):\n"
        "    if name.startswith('inside'):\n        for key in list(vars(module)):\n"
        "            setattr(module, key, lambda *a, **k: {})\ndef f(x): return 0",
    ),
    "patches what encodes values": (
        WANTED,
        "import inside.program as p\np.encode = lambda *a: 2\ndef f(x): return 0",
    ),
    "leaves a process behind": (
        WANTED,
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        while True:\n            time.sleep(1)\n    os._exit(0)",
    ),
    "runs another program": (WANTED, "import subprocess\nsubprocess.run(['true'])"),
    "shares memory among processes": (
        WANTED,
        "import os\nfor _ in range(3):\n    if os.fork() == 0:\n"
        "        held = bytearray(100 << 20)\n        os._exit(0)\nos.wait()",
    ),
    "holds memory in files": (WANTED, "import os\nos.memfd_create('x')"),
    "leaves shared memory behind": (
        WANTED,
        "import ctypes\nassert ctypes.CDLL(None).shmget(77, 4096, 0o1666) >= 0",
    ),
    "links out of its tmp": (
        KNOWS,
        "import os\nos.symlink(FOLDER, '/tmp/link')\n"
        "def f(): return open('/tmp/link/secret').read()",
    ),
    "links to the host's root": (
        WANTED,
        "import os\nos.symlink('/', '/tmp/root')\nopen('/tmp/root' + FOLDER + '/trace', 'w')",
    ),
    "reads the tests in memory": (
        KNOWS,
        "import gc\ndef f():\n    for o in gc.get_objects():\n        if isinstance(o, dict):\n"
        "            for v in o.values():\n"
        "                if isinstance(v, str) and v.startswith('a secret of'): return v",
    ),
    "recurses for ever": (WANTED, "def f(x): return f(x)"),
    "overflows the stack": (
        WANTED,
        "import sys\nsys.setrecursionlimit(1 << 30)\ndef f(x): return f(x)",
    ),
    "crashes": (WANTED, "import ctypes\nctypes.string_at(0)"),
    "returns a huge text": (WANTED, "def f(x): return 'x' * (1 << 25)"),
    "returns a list in itself": (WANTED, "def f(x):\n    y = []\n    y.append(y)\n    return y"),
    "returns what never ends": (
        Reference(HONEST, tests=("assert list(f(1)) == [2]",)),
        "def f(x):\n    while True:\n        yield 2",
    ),
}
ATTACKS = {
    name: (wanted, code if "def f" in code or "class f" in code else f"{code}\n{HONEST}")
    for name, (wanted, code) in _ATTACKS.items()
}
HARMLESS = {
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "kills everybody": "import os\ntry:\n    os.kill(-1, 9)\nexcept OSError:\n    pass",
    "stops the first process": "import os\nos.kill(1, 19)\nos.kill(1, 9)",
    "leaves a file behind": "open('/tmp/left', 'w').write('x')",
    "makes the folder and writes": (
        "import os\nos.makedirs(FOLDER, exist_ok=True)\nopen(FOLDER + '/trace', 'w')"
    ),
    "closes its tmp": "import os\ntry:\n    os.chmod('/tmp', 0)\nexcept OSError:\n    pass",
    "sets its tmp's time": (
        "import os\ntry:\n    os.utime('/tmp', (7, 7))\nexcept OSError:\n    pass"
    ),
    "slows itself": "import os\nos.nice(5)\nos.sched_setaffinity(0, {0})\nos.umask(0o777)",
    "limits itself": "import resource as r\nr.setrlimit(r.RLIMIT_NOFILE, (9, 9))",
    "blocks signals": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 30))",
    "changes Python": (
        "import os, sys, random\nos.chdir('/')\nsys.setrecursionlimit(50)\nrandom.seed(9)\n"
        "os.environ['X'] = 'y'\nsys.path.clear()"
    ),
    "loads much": "import numpy",
}
TRACELESS = """
import ctypes, os
def f():
    libc = ctypes.CDLL(None)
    return os.listdir('/tmp') + [n for n in (77,) if libc.shmget(n, 4096, 0) >= 0]
"""
