"""Programs that attack the machine they are graded on."""

from stages.grading.reference import Reference

SECRET = "a secret of the host"
HONEST = "def f(x):\n    return x + 1"
WANTED = Reference(HONEST, tests=("assert f(1) == 2", "assert f(2) == 3"))
KNOWS = Reference("def f(): return ''", tests=(f"assert f() == {SECRET!r}",))
CLEAN = Reference(
    "def f(): return []",
    tests=("assert f() == []",),
)
ATTACKS = {
    "reads a file of the host": (KNOWS, "def f(): return open(FOLDER + '/secret').read()"),
    "reads the host's users": (KNOWS, "def f(): return open('/etc/passwd').read()"),
    "reads the environment": (KNOWS, "import os\ndef f(): return os.environ['RATCHET_SECRET']"),
    "reads it from the process": (KNOWS, "def f(): return open('/proc/1/environ').read()"),
    "writes to the host": (WANTED, "open(FOLDER + '/trace', 'w')"),
    "makes the folder and writes": (
        WANTED,
        "import os\nos.makedirs(FOLDER, exist_ok=True)\nopen(FOLDER + '/trace', 'w')",
    ),
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
    "fills memory": (WANTED, "x = []\nwhile True:\n    x.append(bytearray(1 << 24))"),
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
        "while True:\n    pass",
    ),
    "sleeps for ever": (WANTED, "import time\ntime.sleep(999)"),
    "waits for input": (WANTED, "input()"),
    "prints for ever": (WANTED, "while True:\n    print('x' * 10000)"),
    "writes a huge file": (
        WANTED,
        "with open('/tmp/big', 'wb') as f:\n    while True:\n        f.write(bytes(1 << 20))",
    ),
    "writes many files": (
        WANTED,
        "for i in range(200):\n    open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))",
    ),
    "kills its parent": (WANTED, "import os\nos.kill(os.getppid(), 9)"),
    "kills everybody": (WANTED, "import os\nos.kill(-1, 9)"),
    "stops the first process": (WANTED, "import os\nos.kill(1, 19)\nos.kill(1, 9)"),
    "becomes root": (WANTED, "import os\nos.setuid(0)"),
    "makes a namespace of its own": (
        WANTED,
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.unshare(0x10000000) or libc.mount(b'none', b'/tmp', b'tmpfs', 0, None):\n"
        "    raise OSError(ctypes.get_errno())",
    ),
    "ends before the tests": (WANTED, "import os\nos._exit(0)"),
    "ends politely before the tests": (WANTED, "import sys\nsys.exit(0)"),
    "ends in a test": (WANTED, "import os\ndef f(x): os._exit(0)"),
    "exits in a test": (WANTED, "import sys\ndef f(x): sys.exit(0)"),
    "raises what ends loops": (WANTED, "def f(x): raise StopIteration"),
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
        "        while True:\n            time.sleep(1)\n    os._exit(0)\nos._exit(0)",
    ),
    "leaves a file behind": (WANTED, "open('/tmp/left', 'w').write('x')"),
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
TRACELESS = """
import ctypes, os
def f():
    libc = ctypes.CDLL(None)
    return os.listdir('/tmp') + [n for n in (77,) if libc.shmget(n, 4096, 0) >= 0]
"""
