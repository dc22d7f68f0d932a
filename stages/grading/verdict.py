"""What grading says of one completion."""

from typing import NamedTuple

OUTCOMES = ("correct", "wrong", "unparseable", "timeout", "error")


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
