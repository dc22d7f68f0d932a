"""Signs that a grader is given what it can't grade: a warning with three examples, never an error.

Nearly all answers wrong or without an answer is seldom a model's fault: the references may be whole
rationales, the answers in a form that nothing states, or the rows of another file.
"""

from collections.abc import Sequence
from typing import NamedTuple

from stages.grading.grade import NO_ANSWER
from stages.grading.kinds import kind_named
from stages.grading.reference import Reference

MIN_GRADED = 20
"""Fewer answers say nothing about how they are graded."""
MAX_SHARE = 0.02
"""Share of right answers below which something is likely to be amiss."""
MAX_UNPARSEABLE = 0.9
MIN_FAILED_GOLD = 0.5
"""Share of gold rationales that must miss their answers, as some do that end in prose."""
N_EXAMPLES = 3
SHOWN_CHARS = 60


class Graded(NamedTuple):
    """A text that was graded: its reference, what was taken for its answer, and the outcomes."""

    reference: str
    text: str
    extracted: str | None
    outcome: str
    outcome_flexible: str


def misuse_warning(graded: Sequence[Graded]) -> str | None:
    """What seems amiss, and three examples, in one line; None if nothing does."""
    if len(graded) < MIN_GRADED:
        return None
    n = len(graded)
    n_right = sum(each.outcome == "correct" for each in graded)
    n_flexible = sum(each.outcome_flexible == "correct" for each in graded)
    unstated = [each for each in graded if each.outcome == "unparseable"]
    failed = [each for each in graded if each.outcome != "correct"]
    if len(unstated) >= MAX_UNPARSEABLE * n:
        reason = f"{len(unstated):,} of {n:,} texts state no answer that can be read"
        if n_flexible > n_right:
            reason += (
                f" ({n_flexible:,} are right by their last value: grade.extract=flexible, or "
                "--extract flexible, counts those)"
            )
        return f"{reason}; such as {_examples(unstated)}"
    if n_right <= MAX_SHARE * n:
        reason = f"only {n_right:,} of {n:,} answers are right: are the references answers alone?"
        return f"{reason} Such as {_examples(failed)}"
    return None


def gold_warning(problems: Sequence[tuple[str, Reference, str]]) -> str | None:
    """Gold rationales that seldom reach their own answers, with three examples; None if they do.

    problems: (kind, reference, rationale). Programs are not run, and what only algebra can decide
    counts as reached.
    """
    checked, failed = 0, []
    for kind, reference, rationale in problems:
        rules = kind_named(kind)
        if rules.runs:
            continue
        checked += 1
        answer = rules.extract(rationale)
        verdict = rules.decide(reference, answer) if answer is not None else NO_ANSWER
        if verdict and verdict.outcome != "correct":
            failed.append(
                Graded(reference.answer, rationale, answer, verdict.outcome, verdict.outcome)
            )
    if checked < MIN_GRADED or len(failed) < MIN_FAILED_GOLD * checked:
        return None
    return (
        f"{len(failed):,} of {checked:,} gold rationales do not end in their own answers: do the "
        f"rationales state them? Such as {_examples(failed)}"
    )


def _examples(graded: Sequence[Graded]) -> str:
    step = max(1, len(graded) // N_EXAMPLES)
    return "; ".join(
        f"{_short(each.extracted) if each.extracted else _short(each.text, at_end=True)} "
        f"({each.outcome}) for {_short(each.reference)}"
        for each in graded[::step][:N_EXAMPLES]
    )


def _short(text: str, at_end: bool = False) -> str:
    words = " ".join(text.split())
    if len(words) <= SHOWN_CHARS:
        return f'"{words}"'
    return f'"…{words[-SHOWN_CHARS:]}"' if at_end else f'"{words[:SHOWN_CHARS]}…"'
