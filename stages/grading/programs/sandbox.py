"""Where programs run: bubblewrap around a warm process that forks once for each job.

A sandbox sees Python and the system's libraries, read-only, and a small tmp of its own; it has no
network, no environment, no other process to see, and limits on CPU time, memory, processes and
files. What runs inside is in the folder `inside`.
"""

import array
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

from schemas.errors import RatchetError
from stages.grading.programs.inside.server import HEAD, HEAVY, READY

INSIDE = Path(__file__).parent / "inside"
PACKAGES = ("site-packages", "dist-packages")
TMP = Path("/tmp")
TMP_BYTES = 64 << 20
FILE_BYTES = 16 << 20
PRINTED_BYTES = 1 << 16
PROCESSES = 16
WALL_PER_CPU = 10
FIRST_USER = 1 << 20
KEPT = 3
"""Sandboxes of one role: programs name no, one or two heavy modules."""
_SLOTS = count()

Mode = Literal["bubblewrap", "none"]


@dataclass(frozen=True)
class Limits:
    """What one job may use. timeout_s is CPU time; on the clock it may take ten times as long."""

    timeout_s: float = 5.0
    memory_mb: int = 1024

    def apply_to(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job with its limits."""
        return job | {
            "cpu_s": self.timeout_s,
            "wall_s": WALL_PER_CPU * self.timeout_s,
            "memory_bytes": self.memory_mb << 20,
            "file_bytes": FILE_BYTES,
            "processes": PROCESSES,
        }


class Sandbox:
    """One sandbox. `fileno` is for selectors: it is readable when a reply is there.

    modules: what its first process has imported before the first job, of `HEAVY`. A job must find
        the same whatever ran before it, so it goes to a sandbox that has what its text names.
    """

    def __init__(self, mode: Mode, modules: tuple[str, ...] = ()) -> None:
        self.modules = modules
        wrap = _bubblewrap_command(mode)
        self._control, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        user = FIRST_USER + os.getpid() * 64 + next(_SLOTS) % 64 if _is_root(mode) else None
        info_in, info_out = os.pipe()
        with theirs, os.fdopen(info_in) as first, os.fdopen(info_out, "w") as last:
            info_arguments = ["--info-fd", str(info_out), "--"] if wrap else []
            self._process = subprocess.Popen(
                [
                    *wrap,
                    *info_arguments,
                    *_python_command(mode),
                    str(theirs.fileno()),
                    json.dumps(user),
                    json.dumps(modules),
                ],
                pass_fds=[theirs.fileno(), *([info_out] if wrap else [])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=_environment(mode),
                start_new_session=True,
            )
            last.close()
            self._first_pid = json.loads(first.read() or "{}").get("child-pid")
        self._files: list[int] = []
        self._mode, self._is_ready = mode, False

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            if read_line(self._control) != READY:
                raise RatchetError(self._start_error(self._mode))
            self._is_ready = True

    def start_and_close(self) -> None:
        """Raises RatchetError if the sandbox does not start."""
        self._wait_until_ready()
        self.close()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._control.fileno()

    def give(self, job: dict[str, Any], channel: int, wall_s: float | None = None) -> None:
        """Sends a job and the descriptor it talks over. A dead sandbox is noticed in `reply`.

        wall_s: seconds on the clock in place of the job's own limit.
        """
        self._wait_until_ready()
        raw = json.dumps(job).encode()
        self._files = [os.memfd_create(name) for name in ("report", "printed")]
        fds = array.array("i", [channel, *self._files])
        with suppress(BrokenPipeError, ConnectionResetError):
            head = HEAD.pack(len(raw), wall_s or job["wall_s"])
            self._control.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            self._control.sendall(raw)

    def reply(self, printed_bytes: int = PRINTED_BYTES) -> dict[str, Any] | None:
        """How the job ended, its own report and what it printed last; None if the sandbox died.

        Keys: signal, cpu_s, late (ended by the clock), used_up, report, printed.
        """
        line = read_line(self._control)
        report, printed = [_read_end(fd, printed_bytes) for fd in self._files]
        self._files = []
        return json.loads(line) | {"report": report, "printed": printed} if line else None

    def close(self) -> None:
        """Ends the sandbox and all in it."""
        self._control.close()
        for fd in self._files:
            os.close(fd)
        with suppress(ProcessLookupError, PermissionError):
            if self._first_pid is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:  # the kernel ends all others with the first process, then bubblewrap ends
                os.kill(self._first_pid, signal.SIGKILL)
        self._process.wait()
        self._errors.close()

    def _start_error(self, mode: Mode) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        output = " ".join(self._errors.read().decode(errors="replace").split())[-300:]
        self.close()
        return (
            f"grade.sandbox={mode} does not start here (exit code {code}: {output or 'no word'}): "
            "programs can't be graded safely on this machine; docs/sandbox.md says what it needs: "
            "user namespaces, above all. Where every program is trusted, grade.sandbox=none runs "
            "them with your own rights"
        )


class Sandboxes:
    """The sandboxes of one role, at most KEPT at once, each with other modules."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._open: dict[tuple[str, ...], Sandbox] = {}  # the one used last is the last

    def take(self, text: str) -> Sandbox:
        """The sandbox for a job with this text."""
        modules = tuple(name for name in HEAVY if name in text)
        sandbox = self._open.pop(modules, None) or Sandbox(self._mode, modules)
        self._open[modules] = sandbox
        while len(self._open) > KEPT:
            self.end(next(iter(self._open.values())))
        return sandbox

    def end(self, sandbox: Sandbox) -> None:
        """Ends a sandbox that died or is used up; the next job gets a new one."""
        self._open.pop(sandbox.modules, None)
        sandbox.close()

    def close(self) -> None:
        """Ends all."""
        while self._open:
            self.end(next(iter(self._open.values())))


def read_line(source: socket.socket) -> bytes | None:
    """The next line; None if the other end is gone."""
    line = b""
    with suppress(ConnectionResetError):
        while not line.endswith(b"\n") and (chunk := source.recv(1 << 12)):
            line += chunk
    return line if line.endswith(b"\n") else None


def _read_end(fd: int, n_bytes: int) -> str:
    """The last part of what was written to a file in memory; closes the file."""
    size = os.fstat(fd).st_size
    text = os.pread(fd, n_bytes, max(0, size - n_bytes))
    os.close(fd)
    return text.decode(errors="replace")


def _is_root(mode: Mode) -> bool:
    return mode == "bubblewrap" and os.geteuid() == 0


def _bubblewrap_command(mode: Mode) -> list[str]:
    """The command before Python's own. Raises RatchetError without bubblewrap."""
    if mode == "none":
        return []
    program = shutil.which("bwrap")
    if program is None:
        raise RatchetError(
            "grade.sandbox=bubblewrap needs bwrap, which is not installed: install it (Debian, "
            "Ubuntu: apt-get install bubblewrap). Where every program is trusted, "
            "grade.sandbox=none runs them with your own rights"
        )
    # The kernel never limits root's number of processes, so root changes to another user.
    rights = (
        ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if _is_root(mode) else
        ["--unshare-user", "--disable-userns"]
    )  # fmt: skip
    return [
        program,
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
        "--unshare-cgroup-try",
        *rights,
        *("--as-pid-1", "--die-with-parent", "--new-session"),
        *("--dev", "/dev", "--remount-ro", "/dev", "--size", str(TMP_BYTES), "--perms", "1777"),
        *("--tmpfs", str(TMP), *_mount_arguments()),
        *("--ro-bind", str(INSIDE), "/ratchet/inside", "--remount-ro", "/"),
        *("--chdir", "/tmp"),
    ]  # fmt: skip


def _packages() -> list[str]:
    """The folders of installed packages, those of another environment that this one uses too."""
    folders = [Path(entry) for entry in sys.path]
    return [str(path) for path in folders if path.name in PACKAGES and path.is_dir()]


def _mount_arguments() -> list[str]:
    """Python and the system's libraries, read-only, at their places outside.

    What is below the system's tmp is mounted in a read-only folder of the sandbox's tmp.
    """
    needed = ["/usr", "/etc/ld.so.cache", "/etc/localtime", sys.prefix, sys.base_prefix]
    mounted: list[Path] = []
    for path in map(Path, dict.fromkeys([*needed, *_packages()])):
        if path.exists() and not any(path.is_relative_to(other) for other in mounted):
            mounted.append(path)
    above = {folder for path in [*mounted, Path("/ratchet/inside")] for folder in path.parents}
    inside_tmp = sorted(
        {TMP / path.relative_to(TMP).parts[0] for path in mounted if TMP in path.parents}
    )
    arguments = []
    for folder in inside_tmp:
        arguments += ["--perms", "0755", "--tmpfs", str(folder)]
    for folder in sorted(above - {Path("/"), TMP, *inside_tmp}):  # else unreadable to others
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for path in mounted:
        arguments += ["--ro-bind", str(path), str(path)]
    for folder in inside_tmp:
        arguments += [] if folder in mounted else ["--remount-ro", str(folder)]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if Path(name).is_symlink():
            arguments += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).exists():
            arguments += ["--ro-bind", name, name]
    return arguments


def _python_command(mode: Mode) -> list[str]:
    # Only the paths of `site` are needed, and importing it would take half of the start.
    folder = "/ratchet" if mode == "bubblewrap" else str(INSIDE.parent)
    paths = [*_packages(), folder]
    start = f"import sys; sys.path += {paths!r}; from inside import server; server.main()"
    return [sys.executable, "-P", "-s", "-B", "-S", "-c", start]


def _environment(mode: Mode) -> dict[str, str]:
    """Nothing of the user's; the order of sets and the number of threads are fixed."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "LD_BIND_NOW": "1",  # once in the server, not in each fork
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
