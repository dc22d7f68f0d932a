"""Runs programs in sandboxes, several at once, and reports how each ended.

A slot is two sandboxes at work: the program's and, for code, the tests'. A job gets a channel of
its own between them, so that nothing one program left in it is ever read as another's.
"""

import json
import selectors
import socket
from collections.abc import Generator, Sequence
from typing import Literal, NamedTuple

from stages.grading.programs.input_pairs import pairs_of
from stages.grading.programs.program_outcomes import (
    SandboxReply,
    pair_fault,
    printed_answer,
    tests_verdict,
)
from stages.grading.programs.sandbox import (
    FILE_BYTES,
    PRINTED_BYTES,
    Limits,
    Sandbox,
    Sandboxes,
    read_line,
)
from stages.grading.programs.sandbox_command import Mode
from stages.grading.reference import Reference

TESTS_EXTRA_S = 10.0
"""The tests wait for the program, so they get more time."""
FOREVER_S = 1e9

Runs = Literal["tests", "pairs", "prints"]
Job = tuple[Reference, str, Runs]
"""(reference, program, what judges it; it is run for what it "prints" if nothing here does)"""
ROLES: dict[Runs, str] = {"tests": "program", "pairs": "stdin", "prints": "print"}


class RunResult(NamedTuple):
    """How the job at `job_index` ended: an outcome, or None and the answer that it printed."""

    job_index: int
    outcome: str | None
    detail: str | None
    printed: str | None = None


def run(
    jobs: Sequence[Job], workers: int, limits: Limits, mode: Mode
) -> Generator[RunResult, None, None]:
    """Yields a result for each job as it is done. A sandbox that dies or is used up is replaced."""
    todo = list(enumerate(jobs))[::-1]
    slots: list[_Slot] = []
    try:
        with selectors.DefaultSelector() as waiting:
            for _, job in todo[: -workers - 1 : -1]:
                slots.append(_Slot(limits, mode))
                slots[-1].prepare(job)  # all start at once
            for slot in slots:
                slot.give(*todo.pop(), waiting)
            while waiting.get_map():
                for key, _ in waiting.select():
                    slot = key.data
                    if key.fileobj in slot.pending and (result := slot.read(key.fileobj, waiting)):
                        yield result
                        if todo:
                            slot.give(*todo.pop(), waiting)
    finally:
        for slot in slots:
            slot.close()


class _Slot:
    """The sandboxes of one worker, and their job.

    One fork has the tests of a problem and gets its solutions one after another: a channel to the
    solution goes there over `line`, and a report comes back.
    """

    def __init__(self, limits: Limits, mode: Mode) -> None:
        self.limits = limits
        self.programs, self.suites = Sandboxes(mode), Sandboxes(mode)
        self.program: Sandbox | None = None
        self.tests: Sandbox | None = None
        self.line: socket.socket | None = None
        self.reference: Reference | None = None
        self.pending: list[Sandbox | socket.socket] = []

    def prepare(self, job: Job) -> None:
        """Starts the sandboxes that a job will need."""
        reference, program, runs = job
        self.programs.take(reference.given + program)
        if runs == "tests":
            self.suites.take(_text_of_tests(reference))

    def give(self, job_index: int, job: Job, waiting: selectors.BaseSelector) -> None:
        """Sends a job to the sandboxes that it needs."""
        self.job_index, self.job = job_index, job
        self.pairs = pairs_of(job[0]) if job[2] == "pairs" else []
        self.pair_index = 0
        self._send(waiting)

    def _send(self, waiting: selectors.BaseSelector) -> None:
        """Sends the job; of a program that reads input, the next pair."""
        reference, program, runs = self.job
        self.program_reply: SandboxReply = None
        self.tests_reply: SandboxReply = None
        self.report: bytes | None = None
        job = {"role": ROLES[runs], "given": reference.given, "code": program}
        work = self.limits.apply_to(job)
        if runs == "pairs":
            work["input"] = self.pairs[self.pair_index].given
        self.program = self.programs.take(reference.given + program)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.program.give(work, ours.fileno())
            self.pending = [self.program]
            if runs == "tests":
                self.pending.append(self._send_to_tests(reference, theirs.fileno()))
        for each in self.pending:
            waiting.register(each, selectors.EVENT_READ, self)

    def _send_to_tests(self, reference: Reference, channel: int) -> socket.socket:
        """Sends the tests a channel; returns the line that their report will come over."""
        line = self._line_to_tests(reference)
        try:
            socket.send_fds(line, [b"t"], [channel])
        except OSError:  # the fork that had the tests is gone
            self._end_tests()
            line = self._line_to_tests(reference)
            socket.send_fds(line, [b"t"], [channel])
        return line

    def _line_to_tests(self, reference: Reference) -> socket.socket:
        if self.line and self.reference == reference:
            return self.line
        self._end_tests()
        self.tests = self.suites.take(_text_of_tests(reference))
        job = {"role": "tests", "tests": reference.tests, "given": reference.given}
        work = self.limits.apply_to(job | {"reference": reference.answer})
        work["wall_s"] += TESTS_EXTRA_S
        self.line, theirs = socket.socketpair()
        self.reference = reference
        with theirs:
            self.tests.give(work, theirs.fileno(), wall_s=FOREVER_S)
        return self.line

    def _end_tests(self) -> SandboxReply:
        """Closes the line; returns how the fork that had the tests ended."""
        if self.line is None:
            return None
        self.line.close()
        self.line = None
        assert self.tests
        reply = self.tests.reply()
        if reply is None or reply["used_up"]:
            self.suites.end(self.tests)
        return reply

    def read(
        self, ready: Sandbox | socket.socket, waiting: selectors.BaseSelector
    ) -> RunResult | None:
        """Reads a sandbox's reply; returns the job's result once all have replied."""
        self.pending.remove(ready)
        waiting.unregister(ready)
        if ready is self.program:
            assert self.program
            self.program_reply = self.program.reply(FILE_BYTES if self.pairs else PRINTED_BYTES)
            if self.program_reply is None or self.program_reply["used_up"]:
                self.programs.end(self.program)
        else:
            assert self.line
            self.report = read_line(self.line)
            if self.report is None or json.loads(self.report)["used_up"]:
                self.tests_reply = self._end_tests()
        if self.pending:
            return None
        if self.pairs:
            return self._pair_result(waiting)
        if self.job[2] == "tests":
            end = tests_verdict(self.program_reply, self.report, self.tests_reply, self.limits)
            return RunResult(self.job_index, *end)
        return RunResult(self.job_index, *printed_answer(self.program_reply, self.limits))

    def _pair_result(self, waiting: selectors.BaseSelector) -> RunResult | None:
        """The job's result after a pair; None if the next pair was sent."""
        pair, self.pair_index = self.pairs[self.pair_index], self.pair_index + 1
        if end := pair_fault(self.program_reply, pair, self.limits):
            where = f"pair {self.pair_index} of {len(self.pairs)}"
            return RunResult(self.job_index, end[0], f"{where}: {end[1]}")
        if self.pair_index == len(self.pairs):
            return RunResult(self.job_index, "correct", "all outputs are as wanted")
        self._send(waiting)
        return None

    def close(self) -> None:
        """Ends the sandboxes."""
        if self.line:
            self.line.close()
        self.programs.close()
        self.suites.close()


def _text_of_tests(reference: Reference) -> str:
    return "\n".join([reference.given, *reference.tests])
