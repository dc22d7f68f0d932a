"""Choices: by letter or by value."""

import json

import pytest

from stages.grading.grade import grade, grade_all
from stages.grading.reference import Reference
from tests.fakes.real_datasets import datasets_folder

NUMBERS = Reference("B", ("17", "42", "50%", "1/3", "2\\pi"))
WORDS = Reference("C", ("All of these", "rows only", "None of these", "x", "y"))
TWINS = Reference("A", ("0.5", "1/2", "2"))
SHAPES = Reference("C", ("a square", "a line", "a circle"))
AMOUNTS = Reference("C", ("10", "20", "30"))
NAMED = Reference("A", ("C", "A", "B"))

CASES = [
    *[(NUMBERS, text, "correct") for text in (
        "B", "b", "(B)", "(b)", "B)", "B.", "B: 42", "B) 42", "option B", "Option (B)",
        "The answer is B.",
        "The answer is (B).", "the answer is B) 42", "Answer: B", "Answer: (b)", "#### B",
        r"\boxed{B}",
        r"\boxed{\text{B}}", r"\boxed{(B)}", r"\boxed{\text{(B)}}", "**Answer: B**",
        "So 6*7 = 42.\nAnswer: B",
        "the answer is option B", "The correct choice is B", "A is too small, so the answer is B",
        "42", "The answer is 42", "#### 42 apples", r"\boxed{42}", "B) 17",
    )],
    *[(NUMBERS, text, "wrong") for text in (
        "A", "(c)", "The answer is (A).", "#### 17", "E", "Z", "The answer is F", "43", "D) 42",
    )],
    (NUMBERS, "", "unparseable"),
    (NUMBERS, "a long story about a cat and a dog without end", "unparseable"),
    (NUMBERS, "answer" + " " * 20_000 + "!", "unparseable"),
    (NUMBERS, "The answer is " + "*" * 20_000 + "!", "wrong"),
    (NUMBERS, "answer" + ":\n" * 20_000 + "!", "wrong"),
    (NUMBERS, "\\boxed{option" + " " * 20_000 + "!!}", "unparseable"),
    (NUMBERS, "\\boxed{B) " + " " * 20_000 + "x}", "correct"),
    (NUMBERS, "answer A " * 20_000 + "!", "wrong"),
    (Reference("D", NUMBERS.options), r"\boxed{\frac{1}{3}}", "correct"),
    (Reference("E", NUMBERS.options), r"The answer is $2 \pi$", "correct"),
    (Reference("C", NUMBERS.options), "The answer is 50%", "correct"),
    (Reference("C", NUMBERS.options), "The answer is 0.5", "correct"),
    (WORDS, "The answer is none of these", "correct"),
    (WORDS, "The answer is rows only", "wrong"),
    (WORDS, "C", "correct"),
    (TWINS, "The answer is 0.5", "wrong"),
    (TWINS, "A", "correct"),
    (SHAPES, "The answer is a circle", "correct"),
    (SHAPES, "The answer is a square", "wrong"),
    (SHAPES, "The answer is A", "wrong"),
    (SHAPES, "The answer is C, not A", "correct"),
    (SHAPES, "The answer is A. Wait, the answer is C, not A", "correct"),
    (SHAPES, "Hence C is the answer.", "correct"),
    (SHAPES, "(A) is too small, and (C) is the correct option", "correct"),
    (AMOUNTS, "the answer is 30 (C)", "correct"),
    (AMOUNTS, "the answer is 30 (B)", "wrong"),
    (AMOUNTS, "The answer is $A = 30$", "correct"),
    (AMOUNTS, "The answer is $A = 10$", "wrong"),
    (AMOUNTS, "The answer is C - 30", "correct"),
    (NAMED, "The answer is C", "correct"),
    (Reference("B"), "The answer is B", "correct"),
    (Reference("B"), "The answer is 42", "unparseable"),
    (Reference("Z", ("1", "2")), "1", "error"),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "text", "outcome"), CASES)
def test_choices(reference: Reference, text: str, outcome: str) -> None:
    assert grade("choice", reference, text).outcome == outcome


def test_a_program_may_print_a_letter_or_a_value() -> None:
    items = [("program", NUMBERS, f"print({value!r})") for value in ("B", 42, "A", 17)]
    outcomes = [verdict.outcome for verdict in grade_all(items)]
    assert outcomes == ["correct", "correct", "wrong", "wrong"]


def test_real_options_are_their_own_letters() -> None:
    """Every gold letter, as AQuA's rationales and users write it, and every other letter."""
    items = []
    for name in ("dev", "test"):
        for line in (datasets_folder() / f"aqua/{name}.json").read_text().splitlines():
            row = json.loads(line)
            options = tuple(option.split(")", 1)[1] for option in row["options"])
            reference = Reference(row["correct"], options)
            for letter in "ABCDE"[: len(options)]:
                for text in (letter, f"({letter.lower()})", f"So it is.\nThe answer is {letter}"):
                    items.append(("choice", reference, text))
    verdicts = grade_all(items)
    for (_, reference, text), verdict in zip(items, verdicts, strict=True):
        letter = text.strip("()")[-1].upper()
        assert (verdict.outcome == "correct") == (letter == reference.answer), (reference, text)
