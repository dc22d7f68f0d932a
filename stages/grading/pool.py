"""Comparisons that may hang or crash, in worker processes.

Workers are plain child processes that talk over pipes (see `worker`), not `multiprocessing`: they
never import the caller's main module, and the caller may be any thread. The kernel enforces all
limits inside the worker; there is no clock and no signal handler here. A worker takes seconds to
load its algebra, so idle ones are kept for the next call until the caller's process ends.
"""

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stages.grading.reference import Reference

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the package, whatever the caller's folder is."""
COMMAND = [sys.executable, "-P", "-m", "stages.grading.worker"]
READY = "ready"
_idle: dict[tuple[str, ...], list["_Worker"]] = {}
"""Idle workers, by the command they run."""

Job = tuple[str, Reference, str | None]
"""(kind, reference, extracted answer)"""


class Reply(NamedTuple):
    """A worker's reply to the job at `job_index`."""

    job_index: int
    outcome: str
    detail: str | None


class WorkerError(RuntimeError):
    """A worker that cannot start; the message ends with what it printed."""


def run(jobs: Sequence[Job], workers: int, timeout_s: float) -> Generator[Reply, None, None]:
    """Yields one reply for each job as it is done. A worker that dies is replaced.

    A worker gets a job only after its last line was read: two lines could be read into the buffer
    at once, and the selector would never report the second.
    """
    todo = list(enumerate(jobs))[::-1]
    command = (*COMMAND, str(timeout_s))
    crew: set[_Worker] = set()
    try:
        with selectors.DefaultSelector() as busy:

            def hire() -> None:
                worker = _idle_worker(command) or _Worker(command)
                crew.add(worker)
                busy.register(worker.stdout, selectors.EVENT_READ, worker)
                if worker.is_ready:
                    worker.give(*todo.pop())

            for _ in range(min(workers, len(todo))):
                hire()
            while crew:
                for key, _ in busy.select():
                    worker: _Worker = key.data
                    reply = worker.read()
                    if reply and reply.outcome == READY:
                        worker.is_ready = True
                    else:
                        yield reply or Reply(worker.job_index, "error", "worker died")
                    if reply and todo:
                        worker.give(*todo.pop())
                        continue
                    busy.unregister(worker.stdout)
                    crew.remove(worker)
                    if reply:
                        _idle.setdefault(command, []).append(worker)
                        continue
                    worker.stop()
                    if todo:
                        hire()
    finally:
        for worker in crew:
            worker.stop()


def _idle_worker(command: tuple[str, ...]) -> "_Worker | None":
    """An idle worker that is still alive; None without one."""
    waiting = _idle.get(command, [])
    while waiting:
        worker = waiting.pop()
        if worker.is_alive():
            return worker
        worker.stop()
    return None


@atexit.register
def dismiss() -> None:
    """Ends the idle workers."""
    for waiting in _idle.values():
        while waiting:
            waiting.pop().stop()


class _Worker:
    """One worker process, and the index of its job."""

    def __init__(self, command: tuple[str, ...]) -> None:
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYTHONHASHSEED": "0",  # sympy's choices may depend on the order of sets
        }
        self.job_index, self.is_ready = -1, False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._stdin, self.stdout = self._process.stdin, self._process.stdout

    def is_alive(self) -> bool:
        """Whether the process is still running."""
        return self._process.poll() is None

    def give(self, job_index: int, job: Job) -> None:
        """Sends a job. A dead worker is noticed when its reply is read."""
        self.job_index = job_index
        with suppress(BrokenPipeError):
            self._stdin.write(json.dumps(job).encode() + b"\n")
            self._stdin.flush()

    def read(self) -> Reply | None:
        """The next reply, None if the process died. WorkerError if it died before it was ready."""
        line = self.stdout.readline()
        if line.endswith(b"\n"):
            return Reply(self.job_index, *json.loads(line))
        if self.is_ready:
            return None
        self._process.wait()
        self._errors.seek(0)
        printed = self._errors.read().decode(errors="replace").strip()
        raise WorkerError(
            f"a grading worker did not start (exit code {self._process.returncode}); "
            f"to see why, run: {' '.join(COMMAND)} 5 </dev/null\n{printed[-1000:]}"
        )

    def stop(self) -> None:
        """Ends the process and its fork."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(BrokenPipeError), self._process:
            pass  # closes the pipes and waits
        self._errors.close()
