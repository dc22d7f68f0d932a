"""Where programs run: a sandbox around a warm process that forks once for each job.

It has limits on CPU time, memory, processes and files; `sandbox_command` says what it can see. What
runs inside is in the folder `inside`.
"""

import array
import json
import os
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from schemas.errors import RatchetError
from stages.grading.programs.inside.server import HEAD, HEAVY, READY
from stages.grading.programs.sandbox_command import (
    Mode,
    bubblewrap_command,
    environment,
    is_root,
    python_command,
)

FILE_BYTES = 16 << 20
PRINTED_BYTES = 1 << 16
PROCESSES = 16
WALL_PER_CPU = 10
FIRST_USER = 1 << 20
KEPT = 3
"""Sandboxes of one role: programs name no, one or two heavy modules."""
_SLOTS = count()


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
        wrap = bubblewrap_command(mode)
        self._control, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        user = FIRST_USER + os.getpid() * 64 + next(_SLOTS) % 64 if is_root(mode) else None
        info_in, info_out = os.pipe()
        with theirs, os.fdopen(info_in) as first, os.fdopen(info_out, "w") as last:
            info_arguments = ["--info-fd", str(info_out), "--"] if wrap else []
            self._process = subprocess.Popen(
                [
                    *wrap,
                    *info_arguments,
                    *python_command(mode),
                    str(theirs.fileno()),
                    json.dumps(user),
                    json.dumps(modules),
                ],
                pass_fds=[theirs.fileno(), *([info_out] if wrap else [])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=environment(mode),
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
