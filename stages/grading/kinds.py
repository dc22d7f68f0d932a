"""How each kind of problem is graded: find the answer, decide it cheaply, or compare it at length.

Another kind is one more entry of `KINDS`.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from stages.grading import choice
from stages.grading.mathematics import answers, plain_equality, symbolic
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, tidy
from stages.grading.programs.find_program import find_program
from stages.grading.reference import Reference, Verdict


class Kind(NamedTuple):
    """The steps of grading one kind of problem.

    extract: completion -> the stated answer, or None.
    decide: (reference, answer) -> the verdict, or None where that may take long or crash.
    compare: (reference, answer) -> the verdict, in a process that may be killed.
    runs: what is done with an answer that is a program: "tests" are the verdict, or what it
        "prints" is compared, as an answer of kind math (of kind choice where there are options).
    """

    extract: Callable[[str], str | None]
    decide: Callable[[Reference, str], Verdict | None]
    compare: Callable[[Reference, str], Verdict] | None
    runs: Literal["tests", "prints"] | None = None


def _decide_math(wanted: Reference, answer: str) -> Verdict | None:
    reference, shown = wanted.answer, answer[:MAX_ANSWER_CHARS]
    if not reference.strip():
        return Verdict("error", shown, "empty reference")
    if answer.strip() == reference.strip():
        return Verdict("correct", shown, "exact")
    if len(answer) > MAX_ANSWER_CHARS:
        return Verdict("unparseable", shown, f"answer longer than {MAX_ANSWER_CHARS} characters")
    if len(reference) > MAX_ANSWER_CHARS:
        return Verdict("error", shown, f"reference longer than {MAX_ANSWER_CHARS} characters")
    if not tidy(answer):
        return Verdict("unparseable", shown, "answer without content")
    is_same = plain_equality.are_same(reference, answer)
    return None if is_same is None else Verdict("correct" if is_same else "wrong", shown, "exact")


def _compare_math(wanted: Reference, answer: str) -> Verdict:
    return symbolic.compare(wanted.answer, answer)


def _decide_code(wanted: Reference, program: str) -> Verdict | None:
    return None if wanted.tests else Verdict("error", program, "no tests")


def _decide_program(wanted: Reference, program: str) -> Verdict | None:
    return None if wanted.answer.strip() else Verdict("error", None, "empty reference")


KINDS = {
    "math": Kind(answers.find_answer, _decide_math, _compare_math),
    "choice": Kind(choice.find_choice, choice.decide, choice.compare),
    "code": Kind(find_program, _decide_code, None, runs="tests"),
    "program": Kind(find_program, _decide_program, None, runs="prints"),
}


PROGRAM_KINDS = tuple(name for name, kind in KINDS.items() if kind.runs)
"""Kinds whose answers are programs."""


def kind_named(name: str) -> Kind:
    """The kind of that name; ValueError with the known ones for an unknown name."""
    if name not in KINDS:
        raise ValueError(f"unknown kind {name!r} of problem; known kinds: {', '.join(KINDS)}")
    return KINDS[name]
