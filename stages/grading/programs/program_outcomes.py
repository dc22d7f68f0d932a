"""What the replies of sandboxes say of a program: its outcome and the reason."""

import json
import signal
from contextlib import suppress
from typing import Any

from stages.grading.mathematics.answers import find_answer
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS
from stages.grading.programs.input_pairs import Pair, difference
from stages.grading.programs.sandbox import WALL_PER_CPU, Limits

SandboxReply = dict[str, Any] | None
OUT_OF_TIME = (signal.SIGPROF, signal.SIGXCPU)


def tests_verdict(
    program: SandboxReply, report: bytes | None, tests: SandboxReply, limits: Limits
) -> tuple[str, str]:
    """The verdict: right only if the tests' own process says that they all passed."""
    findings = None if report is None else json.loads(report)["findings"]
    if findings == {}:
        return "correct", "tests pass"
    if end := _outcome_if_killed(program, limits):
        return end
    if findings is None:
        return _outcome_if_killed(tests, limits) or ("error", "the tests ended early")
    if "broken" in findings:
        return "error", findings["broken"]
    return "wrong", findings["failed"]


def pair_fault(program: SandboxReply, pair: Pair, limits: Limits) -> tuple[str, str] | None:
    """(outcome, reason) if the program does not print what the pair says, else None."""
    if end := _outcome_if_killed(program, limits):
        return end
    assert program
    if fault := _parse_report(program):
        return "wrong", str(fault)[:200]
    wrong = difference(pair.wanted, program["printed"])
    return ("wrong", wrong) if wrong else None


def printed_answer(
    program: SandboxReply, limits: Limits
) -> tuple[str | None, str | None, str | None]:
    """(None, None, the answer printed), or (outcome, reason, None) without an answer."""
    if end := _outcome_if_killed(program, limits):
        return (*end, None)
    assert program
    if fault := _parse_report(program):
        return "wrong", str(fault)[:200], None
    lines = [line.strip() for line in program["printed"].splitlines() if line.strip()]
    if not lines:
        return "unparseable", "prints nothing", None
    return None, None, (find_answer(lines[-1]) or lines[-1])[:MAX_ANSWER_CHARS]


def _outcome_if_killed(reply: SandboxReply, limits: Limits) -> tuple[str, str] | None:
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


def _parse_report(reply: dict[str, Any]) -> Any:
    """The process's own report; a text if it is not JSON."""
    with suppress(ValueError):
        return json.loads(reply["report"])
    return f"said {reply['report'][:80]!r}" if reply["report"] else "ended before its end"
