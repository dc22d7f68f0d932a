"""Runs programs in sandboxes, several at once, and says how each fared.

A slot is two sandboxes: the program's and, for code, the tests'. A job gets a channel of its own
between them, so that nothing one program left in it is ever read as another's.
"""

import json
import selectors
import signal
import socket
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from stages.grading.answers import find_answer
from stages.grading.notation import MAX_ANSWER_CHARS
from stages.grading.reference import Reference
from stages.grading.sandbox import WALL_PER_CPU, Limits, Mode, Sandbox

TESTS_EXTRA_S = 10.0
"""The tests wait for the program, so they are given longer."""

Job = tuple[Reference, str, bool]
"""(reference, program, whether the tests judge it; else it is run for what it prints)"""
Reply = dict[str, Any] | None


OUT_OF_TIME = (signal.SIGPROF, signal.SIGXCPU)


class Ran(NamedTuple):
    """How the job at `place` fared: an outcome, or None and the answer that it printed."""

    place: int
    outcome: str | None
    detail: str | None
    printed: str | None = None


def run(
    jobs: Sequence[Job], workers: int, limits: Limits, mode: Mode
) -> Generator[Ran, None, None]:
    """Yield one `Ran` for each job as it is done. A sandbox that dies or is used up is replaced."""
    todo = list(enumerate(jobs))[::-1]
    slots = [_Slot(limits, mode) for _ in range(min(workers, len(jobs)))]
    try:
        with selectors.DefaultSelector() as waiting:
            for slot in slots:
                slot.give(*todo.pop(), waiting)
            while waiting.get_map():
                for key, _ in waiting.select():
                    slot = key.data
                    if key.fileobj in slot.asked and (ran := slot.read(key.fileobj, waiting)):
                        yield ran
                        if todo:
                            slot.give(*todo.pop(), waiting)
    finally:
        for slot in slots:
            slot.close()


class _Slot:
    """The sandboxes of one worker, and the job that they have."""

    def __init__(self, limits: Limits, mode: Mode) -> None:
        self.limits, self.mode = limits, mode
        self.sandboxes: dict[str, Sandbox] = {}
        self.asked: dict[Sandbox, str] = {}
        self.replies: dict[str, Reply] = {}

    def give(self, place: int, given: Job, waiting: selectors.BaseSelector) -> None:
        """Sends a job to the sandboxes that it needs."""
        reference, program, tested = given
        self.place, self.tested, self.replies = place, tested, {}
        code = f"{reference.given}\n{program}" if reference.given else program
        ours, theirs = socket.socketpair()
        with ours, theirs:
            role = "program" if tested else "print"
            self._send("program", self.limits.of({"role": role, "code": code}), ours, waiting)
            if tested:
                defined = f"{reference.given}\n{reference.answer}"
                job = {"role": "tests", "tests": reference.tests, "reference": defined}
                work = self.limits.of(job)
                work["wall_s"] += TESTS_EXTRA_S
                self._send("tests", work, theirs, waiting)

    def _send(
        self,
        name: str,
        work: dict[str, Any],
        channel: socket.socket,
        waiting: selectors.BaseSelector,
    ) -> None:
        if name not in self.sandboxes:
            self.sandboxes[name] = Sandbox(self.mode)
        sandbox = self.sandboxes[name]
        sandbox.give(work, channel.fileno())
        self.asked[sandbox] = name
        waiting.register(sandbox, selectors.EVENT_READ, self)

    def read(self, sandbox: Sandbox, waiting: selectors.BaseSelector) -> Ran | None:
        """Takes a sandbox's reply; the job's fate once all have replied."""
        name = self.asked.pop(sandbox)
        waiting.unregister(sandbox)
        reply = self.replies[name] = sandbox.reply()
        if reply is None or reply["used_up"]:
            sandbox.close()
            del self.sandboxes[name]
        if self.asked:
            return None
        if self.tested:
            fate = _tested(self.replies["program"], self.replies["tests"], self.limits)
            return Ran(self.place, *fate)
        return Ran(self.place, *_printed(self.replies["program"], self.limits))

    def close(self) -> None:
        """Ends the sandboxes."""
        for sandbox in self.sandboxes.values():
            sandbox.close()


def _tested(program: Reply, tests: Reply, limits: Limits) -> tuple[str, str]:
    """The verdict: right only if the tests' own process says that it came to their end."""
    if tests is None:
        return "error", "the tests' sandbox died"
    said = _report(tests)
    if said == {} and tests["signal"] is None:
        return "correct", "tests pass"
    if end := _end(program, limits):
        return end
    if not isinstance(said, dict):
        return _end(tests, limits) or ("error", "the tests ended early")
    if "broken" in said:
        return "error", said["broken"]
    return "wrong", said["failed"]


def _printed(program: Reply, limits: Limits) -> tuple[str | None, str | None, str | None]:
    """(None, None, the answer printed), or the outcome and the reason why there is none."""
    if end := _end(program, limits):
        return (*end, None)
    assert program
    if fault := _report(program):
        return "wrong", str(fault)[:200], None
    lines = [line.strip() for line in program["printed"].splitlines() if line.strip()]
    if not lines:
        return "unparseable", "prints nothing", None
    return None, None, (find_answer(lines[-1]) or lines[-1])[:MAX_ANSWER_CHARS]


def _end(reply: Reply, limits: Limits) -> tuple[str, str] | None:
    """The outcome of a process that a limit or a signal ended, None if it ended by itself."""
    if reply is None:
        return "error", "the sandbox died"
    if reply["late"]:
        return "timeout", f"more than {WALL_PER_CPU * limits.timeout_s:g} s"
    if reply["cpu_s"] >= limits.timeout_s or reply["signal"] in OUT_OF_TIME:
        return "timeout", f"more than {limits.timeout_s:g} s of CPU time"
    if reply["signal"] is not None:
        return "wrong", f"the program died of {signal.Signals(reply['signal']).name}"
    return None


def _report(reply: dict[str, Any]) -> Any:
    """What the process said of itself; a text if that is no JSON."""
    with suppress(ValueError):
        return json.loads(reply["said"])
    return f"said {reply['report'][:80]!r}" if reply["said"] else "ended before its end"
