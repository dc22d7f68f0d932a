"""What an answer is held against, and what grading says of one completion."""

from typing import NamedTuple

OUTCOMES = ("correct", "wrong", "unparseable", "timeout", "error")


class Reference(NamedTuple):
    """The reference of one problem.

    answer: the reference answer; of kind code, the reference program.
    options: what a choice is made from, A first; empty where nothing is chosen.
    tests: of kind code, pieces of Python, each run after the last; they call what is asked for.
    given: of kind code, Python that stands before every solution, such as imports.
    """

    answer: str
    options: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    given: str = ""


class Verdict(NamedTuple):
    """The outcome for one completion, and what it rests on.

    outcome: "correct"; "wrong" (a readable answer, not the reference); "unparseable" (no answer
        stated, or one that is not mathematics); "timeout" (the comparison outran its budget);
        "error" (the comparison failed, or the reference itself cannot be read).
    extracted: the answer as the completion states it, None where it states none.
    detail: a few words of reason, such as "exact", "symbolic" or an exception's name.
    """

    outcome: str
    extracted: str | None
    detail: str | None = None
