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
import site
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
TMP_BYTES = 64 << 20
FILE_BYTES = 16 << 20
PRINTED_BYTES = 1 << 16
PROCESSES = 16
WALL_PER_CPU = 10
FIRST_USER = 1 << 20
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
    """One sandbox. `fileno` is for selectors: it is readable when a reply is there."""

    def __init__(self, mode: Mode) -> None:
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

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._control.fileno()

    def give(self, job: dict[str, Any], channel: int, wall_s: float | None = None) -> None:
        """Sends a job and the descriptor it talks over. A dead sandbox is noticed in `reply`.

        wall_s: seconds on the clock in place of the job's own limit.
        """
        self._wait_until_ready()
        raw = json.dumps(job).encode()
        heavy = sum(1 << bit for bit, name in enumerate(HEAVY) if name.encode() in raw)
        self._files = [os.memfd_create(name) for name in ("report", "printed")]
        fds = array.array("i", [channel, *self._files])
        with suppress(BrokenPipeError, ConnectionResetError):
            head = HEAD.pack(len(raw), wall_s or job["wall_s"], heavy)
            self._control.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            self._control.sendall(raw)

    def reply(self) -> dict[str, Any] | None:
        """How the job ended, its own report and what it printed; None if the sandbox died.

        Keys: signal, cpu_s, late (ended by the clock), used_up, report, printed.
        """
        line = read_line(self._control)
        report, printed = [_read_end(fd) for fd in self._files]
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
            "programs can't be graded safely on this machine; allow user namespaces in the kernel, "
            "or set grade.sandbox=none to run programs with your own rights"
        )


def read_line(source: socket.socket) -> bytes | None:
    """The next line; None if the other end is gone."""
    line = b""
    with suppress(ConnectionResetError):
        while not line.endswith(b"\n") and (chunk := source.recv(1 << 12)):
            line += chunk
    return line if line.endswith(b"\n") else None


def _read_end(fd: int) -> str:
    """The last part of what was written to a file in memory; closes the file."""
    size = os.fstat(fd).st_size
    text = os.pread(fd, PRINTED_BYTES, max(0, size - PRINTED_BYTES))
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
            "Ubuntu: apt-get install bubblewrap), or set grade.sandbox=none to run programs with "
            "your own rights"
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
        *_mount_arguments(),
        *("--dev", "/dev", "--remount-ro", "/dev", "--size", str(TMP_BYTES), "--perms", "1777"),
        *("--tmpfs", "/tmp", "--ro-bind", str(INSIDE), "/ratchet/inside", "--remount-ro", "/"),
        *("--chdir", "/tmp"),
    ]  # fmt: skip


def _mount_arguments() -> list[str]:
    """Python and the system's libraries, read-only, at their places outside."""
    needed = ["/usr", "/etc/ld.so.cache", "/etc/localtime", sys.prefix, sys.base_prefix]
    mounted = [
        p for p in map(Path, dict.fromkeys(needed)) if p.exists() and Path("/usr") not in p.parents
    ]
    above = {folder for path in [*mounted, Path("/ratchet/inside")] for folder in path.parents}
    arguments = []
    for folder in sorted(above - {Path("/")}):  # bubblewrap would make them unreadable to others
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for path in mounted:
        arguments += ["--ro-bind", str(path), str(path)]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if Path(name).is_symlink():
            arguments += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).exists():
            arguments += ["--ro-bind", name, name]
    return arguments


def _python_command(mode: Mode) -> list[str]:
    # Only the paths of `site` are needed, and importing it would take half of the start.
    folder = "/ratchet" if mode == "bubblewrap" else str(INSIDE.parent)
    paths = [*site.getsitepackages(), folder]
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
