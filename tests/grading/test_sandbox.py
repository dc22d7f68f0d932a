"""Programs that attack, and programs that are honest, in the real sandbox."""

import os
import signal
import socket
from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.grading.grade import Limits, Reference, Verdict, grade_all
from stages.grading.programs import run_programs
from stages.grading.programs.inside.server import _read
from stages.grading.programs.inside.tests import serve_tests
from stages.grading.programs.sandbox import FIRST_USER

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


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    """Each attack's verdict and those of two honest programs that ran after it in its sandbox."""
    folder = tmp_path_factory.mktemp("host")
    (folder / "secret").write_text(SECRET)
    os.environ["RATCHET_SECRET"] = SECRET
    abstract = f"\0ratchet-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(abstract)
        unix.listen()
        values = {"FOLDER": str(folder), "PORT": port.getsockname()[1], "ABSTRACT": abstract}
        items = []
        for number, (reference, attack) in enumerate(ATTACKS.values()):
            for name, value in values.items():
                attack = attack.replace(name, repr(value))
            items.append(("code", reference, f"{attack}\n# {number}"))
            items.append(("code", CLEAN, f"{TRACELESS}\n# {number}"))
            items.append(("code", WANTED, f"{HONEST}\n# {number}"))
        graded = grade_all(items, workers=1, limits=Limits(0.2, 256))
        for server in (port, unix):
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
    assert sorted(folder.iterdir()) == [folder / "secret"]
    return {name: graded[3 * n : 3 * n + 3] for n, name in enumerate(ATTACKS)}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_passes_nor_leaves_a_trace(name: str, verdicts: dict[str, list[Verdict]]) -> None:
    attack, traceless, honest = verdicts[name]
    assert attack.outcome in ("wrong", "timeout"), attack
    assert traceless.outcome == "correct", traceless
    assert honest.outcome == "correct", honest


def test_no_process_is_left(verdicts: dict[str, list[Verdict]]) -> None:
    first = FIRST_USER + os.getpid() * 64
    owners = [path.stat().st_uid for path in Path("/proc").iterdir() if path.name.isdigit()]
    assert [owner for owner in owners if first <= owner < first + 64] == []
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    names = [Path(f"/proc/{child}/comm").read_text().strip() for child in children]
    assert "bwrap" not in names


def test_the_sandbox_is_left_out_only_where_it_is_said() -> None:
    items = [("code", WANTED, HONEST), ("program", "42", "print(6 * 7)"), ("code", WANTED, "x = 1")]
    verdicts = grade_all(items, workers=1, sandbox="none")
    assert [v.outcome for v in verdicts] == ["correct", "correct", "wrong"]


def test_without_bubblewrap_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RatchetError, match=r"apt-get install bubblewrap.* grade\.sandbox=none"):
        grade_all([("code", WANTED, HONEST)])


def test_a_bubblewrap_that_cannot_start_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(RatchetError, match=r"exit code 1: No permissions.* grade\.sandbox=none"):
        grade_all([("code", WANTED, HONEST)])


def test_sandboxes_that_cannot_start_leave_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RatchetError):
        grade_all([("code", WANTED, HONEST)])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_second_sandbox_that_cannot_start_ends_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[run_programs.Sandbox] = []
    closed: list[run_programs.Sandbox] = []

    class Once(run_programs.Sandbox):
        def __init__(self, mode: run_programs.Mode) -> None:
            if made:
                raise RatchetError("no more")
            super().__init__(mode)
            made.append(self)

        def close(self) -> None:
            closed.append(self)
            super().close()

    monkeypatch.setattr(run_programs, "Sandbox", Once)
    with pytest.raises(RatchetError, match="no more"):
        grade_all([("program", "1", f"print({n})") for n in range(2)], workers=2, sandbox="none")
    assert closed == made


def test_tests_that_ended_between_programs_are_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    give = run_programs._Slot.give

    def after_an_end(self, place, job, waiting):  # type: ignore[no-untyped-def]
        if self.line:
            self.line.shutdown(socket.SHUT_RDWR)
        give(self, place, job, waiting)

    monkeypatch.setattr(run_programs._Slot, "give", after_an_end)
    items = [("code", WANTED, f"{HONEST}\n# {n}") for n in range(3)]
    verdicts = grade_all(items, workers=1, sandbox="none")
    assert [v.outcome for v in verdicts] == ["correct"] * 3


def test_tests_that_wait_for_a_program_run_out_of_no_time() -> None:
    ours, theirs = socket.socketpair()
    program, channel = socket.socketpair()
    with ours, program, channel:
        program.close()
        socket.send_fds(ours, [b"t"], [channel.fileno()])
        ours.shutdown(socket.SHUT_WR)
        serve_tests(["assert f(1) == 2"], HONEST, 1e3, 1e4, theirs.detach())
        assert ours.recv(100).startswith(b'{"failed"')
    timers = (signal.ITIMER_PROF, signal.ITIMER_REAL)
    left = [signal.getitimer(timer)[0] for timer in timers]
    for timer in timers:
        signal.setitimer(timer, 0)
    assert left == [0, 0]


def test_a_job_cut_off_by_its_supervisors_end_is_no_job() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.sendall(b"half of")
        with pytest.raises(EOFError):
            _read(theirs, 100)
