"""Programs that attack, and programs that are honest, in the real sandbox."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.grading.grade import grade_all
from stages.grading.pool import ROOT
from stages.grading.programs import run_programs, sandbox
from stages.grading.programs.inside.server import _read
from stages.grading.programs.inside.tests import serve_tests
from stages.grading.programs.sandbox import FIRST_USER, Limits
from stages.grading.reference import Verdict
from tests.fakes.attacks import ATTACKS, CLEAN, HARMLESS, HONEST, SECRET, TRACELESS, WANTED

ALL = ATTACKS | {name: (WANTED, f"{code}\n{HONEST}") for name, code in HARMLESS.items()}


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
        for number, (reference, attack) in enumerate(ALL.values()):
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
    return {name: graded[3 * n : 3 * n + 3] for n, name in enumerate(ALL)}


@pytest.mark.parametrize("name", ALL)
def test_no_attack_passes_nor_leaves_a_trace(name: str, verdicts: dict[str, list[Verdict]]) -> None:
    attack, traceless, honest = verdicts[name]
    assert attack.outcome in (("wrong", "timeout") if name in ATTACKS else ("correct",)), attack
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
    made: list[sandbox.Sandbox] = []
    closed: list[sandbox.Sandbox] = []

    class Once(sandbox.Sandbox):
        def __init__(self, mode: sandbox.Mode, modules: tuple[str, ...]) -> None:
            if made:
                raise RatchetError("no more")
            super().__init__(mode, modules)
            made.append(self)

        def close(self) -> None:
            closed.append(self)
            super().close()

    monkeypatch.setattr(sandbox, "Sandbox", Once)
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
        serve_tests("", ["assert f(1) == 2"], HONEST, 1e3, 1e4, theirs.detach(), False)
        assert ours.recv(100).startswith(b'{"findings": {"failed"')
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


def test_a_clone_below_the_systems_tmp_grades_programs() -> None:
    """The environment of a clone made in /tmp, as reviewers and CI make them."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        clone = Path(folder) / "deep" / "clone"
        clone.mkdir(parents=True)
        for name in ("stages", "schemas"):
            shutil.copytree(ROOT / name, clone / name)
        environment = clone / ".venv"
        venv.create(environment)
        packages = next(environment.glob("lib/python*/site-packages"))
        (packages / "others.pth").write_text("\n".join(p for p in sys.path if "-packages" in p))
        (packages / "own.py").write_text("held = 1")
        programs = [
            "import own, numpy\ndef f(x): return x + own.held",
            "import own\nopen(own.__file__, 'a')\ndef f(x): return 2",
            f"open({str(clone / 'x')!r}, 'w')\ndef f(x): return 2",
        ]
        script = (
            "from stages.grading.grade import grade_all, Reference\n"
            "wanted = Reference('', tests=('assert f(1) == 2',))\n"
            f"items = [('code', wanted, program) for program in {programs!r}]\n"
            "print([verdict.outcome for verdict in grade_all(items)])\n"
        )
        run = subprocess.run(
            [environment / "bin/python", "-c", script], cwd=clone, capture_output=True, text=True
        )
        assert not (clone / "x").exists()
    assert (run.stdout, run.stderr) == ("['correct', 'wrong', 'wrong']\n", "")
