"""What an answer is compared with, and the verdict on one completion."""

from typing import NamedTuple

OUTCOMES = ("correct", "wrong", "unparseable", "timeout", "error")
PROGRAM_KINDS = ("code", "stdin", "program")
"""Kinds whose answers are programs."""
TESTED_KINDS = ("code", "stdin")
"""Kinds whose programs are tried, so that the program itself is the answer."""


class Reference(NamedTuple):
    """The reference of one problem.

    answer: the reference answer; for kinds code and stdin, the reference program. Without tests,
        of kind stdin, a JSON object {"inputs": [...], "outputs": [...]}.
    options: the options of a choice, A first; empty if there are none.
    tests: for kind code, pieces of Python, run one after another; they call the function asked for.
        For kind stdin, JSON objects {"input": ..., "output": ...}.
    given: for kind code, Python put before every solution, such as imports.
    """

    answer: str
    options: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    given: str = ""


class Verdict(NamedTuple):
    """The outcome for one completion, and its reason.

    outcome: "correct"; "wrong" (a readable answer, not the reference); "unparseable" (no answer
        stated, or one that is not mathematics); "timeout" (the comparison outran its budget);
        "error" (the comparison failed, or the reference itself cannot be read).
    extracted: the answer as the completion states it, None if it states none.
    detail: a few words of reason, such as "exact", "symbolic" or an exception's name.
    """

    outcome: str
    extracted: str | None
    detail: str | None = None
