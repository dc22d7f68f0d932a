"""Signs that a grader is given what it can't grade."""

import pytest

from stages.grading.misuse import MIN_GRADED, Graded, gold_warning, misuse_warning
from stages.grading.reference import Reference

RIGHT = Graded("7", "#### 7", "7", "correct", "correct")
WRONG = Graded("3 + 4 = 7, so it is 7", "#### 8", "8", "wrong", "wrong")
CUT_OFF = Graded("7", "so she has 7 left and", None, "unparseable", "correct")
CASES = [
    ([RIGHT] * 40, None),
    ([RIGHT] * 2 + [WRONG] * 38, None),
    ([WRONG] * 40, "only 0 of 40 answers are right"),
    ([WRONG] * (MIN_GRADED - 1), None),
    ([RIGHT] * 2 + [CUT_OFF] * 38, "38 of 40 texts state no answer that can be read (40 are right"),
    ([RIGHT] * 20 + [CUT_OFF] * 20, None),
    ([], None),
]  # fmt: skip


@pytest.mark.parametrize(("graded", "words"), CASES)
def test_misuse_is_one_line_with_three_examples(graded: list[Graded], words: str | None) -> None:
    warning = misuse_warning(graded)
    if words is None:
        assert warning is None
    else:
        assert warning and words in warning and "\n" not in warning
        assert warning.count(" for ") == 3


@pytest.mark.parametrize(
    ("rationale", "warns"),
    [
        ("3 + 4 = 7\n#### 7", False),
        ("3 + 4 = 7, so she has 7 pens left in the end", True),
        ("3 + 4 = 8\n#### 8", True),
        (r"so \boxed{\sin^2 x + \cos^2 x + 6}", False),
    ],
)
def test_gold_rationales_reach_their_answers(rationale: str, warns: bool) -> None:
    warning = gold_warning([("math", Reference("7"), rationale)] * 30)
    assert (warning is not None) == warns
    if warning:
        assert "30 of 30 gold rationales do not end in their own answers" in warning


def test_programs_are_not_run_for_a_warning() -> None:
    assert gold_warning([("program", Reference("7"), "nothing")] * 30) is None
