"""How each kind of problem is graded: find the answer, decide it cheaply, or compare it at length.

A new kind is one more entry of `KINDS`.
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from stages.grading import choice
from stages.grading.mathematics import answers, plain_equality, symbolic
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, tidy
from stages.grading.mathematics.printed import read_printed
from stages.grading.own_text import own_end
from stages.grading.programs import find_program
from stages.grading.programs.input_pairs import pairs_of
from stages.grading.reference import Reference, Verdict


class Kind(NamedTuple):
    """The steps of grading one kind of problem.

    extract: completion -> the answer that it states, or None.
    extract_last: completion -> the last that could be an answer, or None, where none is stated.
    is_answered: whether a text that ends there has its answer, so that more is no part of it.
    decide: (reference, answer) -> the verdict, or None if that may take long or crash.
    compare: (reference, answer) -> the verdict, in a process that may be killed.
    runs: what to do with an answer that is a program: its "tests" give the verdict, or "pairs" of
        input and output do, or what it "prints" is compared, as an answer of kind printed.
    """

    extract: Callable[[str], str | None]
    extract_last: Callable[[str], str | None]
    is_answered: Callable[[str], bool]
    decide: Callable[[Reference, str], Verdict | None]
    compare: Callable[[Reference, str], Verdict] | None
    runs: Literal["tests", "pairs", "prints"] | None = None


def _decide_math(reference: Reference, answer: str) -> Verdict | None:
    expected, extracted = reference.answer, answer[:MAX_ANSWER_CHARS]
    if not expected.strip():
        return Verdict("error", extracted, "empty reference")
    if answer.strip() == expected.strip():
        return Verdict("correct", extracted, "exact")
    if len(answer) > MAX_ANSWER_CHARS:
        return Verdict(
            "unparseable", extracted, f"answer longer than {MAX_ANSWER_CHARS} characters"
        )
    if len(expected) > MAX_ANSWER_CHARS:
        return Verdict("error", extracted, f"reference longer than {MAX_ANSWER_CHARS} characters")
    if not tidy(answer):
        return Verdict("unparseable", extracted, "answer without content")
    is_same = plain_equality.are_same(expected, answer)
    return (
        None if is_same is None else Verdict("correct" if is_same else "wrong", extracted, "exact")
    )


def _compare_math(reference: Reference, answer: str) -> Verdict:
    return symbolic.compare(reference.answer, answer)


def _decide_printed(reference: Reference, answer: str) -> Verdict | None:
    decide = choice.decide if reference.options else _decide_math
    if answer.strip() == reference.answer.strip():
        return decide(reference, answer)
    return _best([decide(reference, reading) for reading in read_printed(answer)], answer)


def _compare_printed(reference: Reference, answer: str) -> Verdict:
    compare = choice.compare if reference.options else _compare_math
    verdict = _best([compare(reference, reading) for reading in read_printed(answer)], answer)
    assert verdict
    return verdict


def _best(verdicts: list[Verdict | None], answer: str) -> Verdict | None:
    """Of the verdicts on what a printed answer may say, one that is correct, or else the first."""
    if right := [verdict for verdict in verdicts if verdict and verdict.outcome == "correct"]:
        return right[0]._replace(extracted=answer[:MAX_ANSWER_CHARS])
    if None in verdicts or not verdicts[0]:
        return None
    return verdicts[0]._replace(extracted=answer[:MAX_ANSWER_CHARS])


def _decide_code(reference: Reference, program: str) -> Verdict | None:
    return None if reference.tests else Verdict("error", program, "no tests")


def _decide_stdin(reference: Reference, program: str) -> Verdict | None:
    try:
        pairs_of(reference)
    except ValueError as error:
        return Verdict("error", program, f"the reference {error}")
    return None


def _decide_program(reference: Reference, program: str) -> Verdict | None:
    return None if reference.answer.strip() else Verdict("error", None, "empty reference")


KINDS = {
    "math": Kind(
        answers.find_answer,
        answers.find_last_value,
        answers.is_answered,
        _decide_math,
        _compare_math,
    ),
    "choice": Kind(
        choice.find_choice,
        choice.find_last_choice,
        choice.is_answered,
        choice.decide,
        choice.compare,
    ),
    "code": Kind(
        find_program.find_program,
        find_program.find_last_program,
        find_program.is_answered,
        _decide_code,
        None,
        runs="tests",
    ),
    "stdin": Kind(
        find_program.find_program,
        find_program.find_last_program,
        find_program.is_answered,
        _decide_stdin,
        None,
        runs="pairs",
    ),
    "printed": Kind(
        lambda printed: printed.strip() or None,
        lambda printed: None,
        lambda printed: True,
        _decide_printed,
        _compare_printed,
    ),
    "program": Kind(
        find_program.find_program,
        find_program.find_last_program,
        find_program.is_answered,
        _decide_program,
        None,
        runs="prints",
    ),
}


_SAYS_NOTHING = re.compile(
    r"\W*(?:correct|right|wrong|incorrect|reasonable|valid|clear|unknown|below|above|as|here)\W*",
    re.IGNORECASE,
)
"""What a sentence about an answer states without giving it ("I hope my answer is correct")."""


def kind_named(name: str) -> Kind:
    """The kind of that name; ValueError with the known ones for an unknown name."""
    if name not in KINDS:
        raise ValueError(f"unknown kind {name!r} of problem; known kinds: {', '.join(KINDS)}")
    return KINDS[name]


def extract_both(kind: str, completion: str) -> tuple[str | None, str | None]:
    """(the stated answer, the flexible one: as stated, or else the last that could be one)."""
    rules = kind_named(kind)
    stated = rules.extract(completion)
    if stated is not None and not _SAYS_NOTHING.fullmatch(stated):
        return stated, stated
    return stated, rules.extract_last(completion) or stated


def cut_after_solution(kind: str, text: str, start: str = "") -> str:
    """The text as far as it is the model's own solution (`stages.grading.own_text`).

    start: the beginning of the answer, which the text continues; it is never cut.
    """
    end = own_end(start + text, kind_named(kind).is_answered, len(start))
    return text[: end - len(start)]
