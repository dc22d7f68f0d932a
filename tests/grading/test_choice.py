"""Choices: by letter or by value."""

import json

import pytest

from stages.grading.choice import find_last_choice
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
        "B!", "Answer: B?", "Answer: <B>", "Answer: |B|", "Answer: 'B'", "Answer: \"B\"",
        "Answer: B / 42", "B | 42", "B is correct.", "(B) is right.", "Ans. B", "Hence (B).",
        "Correct: B", "=> B", "I choose B.", "I would go with option B", "So it is 42.\n\nB",
        "答案: B", "答案为B。", "选择B。", "故选B", "正解はBです", "B、42", "(B)", "答案是 B",
        "选项B正确", "<answer>B</answer>", "<answer>B. 42</answer>", "<think>A? no.</think>\n\nB",
        "B<|endoftext|>", "B</s>",
        "Answer: B\n\nQuestion: Which is hot?\n(A) ice\n(B) fire\nAnswer: A",
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
    (SHAPES, r"\boxed{\text{a circle}}", "correct"),
    (Reference("B", ("1 K", "2 K")), r"\boxed{2\text{ K}}", "correct"),
    (Reference("A", ("1 K", "2 K")), r"\boxed{2\text{ K}}", "wrong"),
    (SHAPES, "I think a circle is correct", "unparseable"),
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


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("(A) is too cold, so it has to be (B) here", "B"),
        ("Not A but B fits them all", "B"),
        ("A cat sat on C here", "C"),
        ("It is 42 of them", "42"),
        ("$A = 30$ and $B > 2$", "B > 2"),
        ("nothing", None),
    ],
)
def test_the_last_letter_is_the_flexible_choice(text: str, choice: str | None) -> None:
    assert find_last_choice(text) == choice


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
