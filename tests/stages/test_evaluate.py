"""Votes and flaws."""

import polars as pl
import pytest

from stages.evaluate import greedy_rows, vote_rows
from stages.grading.grade_frame import GradeSettings
from stages.grading.votes import add_values
from stages.tasks.task import TaskSettings

GRADE = GradeSettings(workers=1, timeout_s=5.0, memory_mb=1024, sandbox="bubblewrap")
MATH: tuple[str, list[str]] = ("math", [])
ANSWERS = [  # draw by draw: answer, right
    (["1", "2", "2"], [True, False, False], "2", False),
    (["1", "1", "2"], [True, True, False], "1", True),
    (["1", "2", None], [True, False, False], "1", True),
    (["2", "1", "1", "2"], [False, True, True, False], "2", False),
    ([None, None], [False, False], None, False),
    (["3", "0.5", "1/2", r"\frac{1}{2}"], [False, True, True, True], "0.5", True),
    (["4", "0.5", "3", "1/2", "1.0", "50\\%"], [True] + [False] * 5, "0.5", False),
    (["x+1", "2", "1+x", "y"], [False] * 4, "x+1", False),
    (["1,000", "7", "1000"], [True, False, True], "1,000", True),
    ([r"\{1, 2\}", "5", r"\{2,1\}"], [False] * 3, r"\{1, 2\}", False),
]
OTHER_KINDS = [
    (("choice", ["3", "4"]), ["A", "B", "(b)"], [True, False, False], "B", False),
    (("program", []), ["7", "0.5", "1/2"], [True, False, False], "0.5", False),
    (("code", []), ["def f(): 1", "def f():  1", "x"], [True, True, False], "def f(): 1", True),
]


@pytest.mark.parametrize(
    ("kind", "extracted", "right", "winner", "correct"),
    [(MATH, *case) for case in ANSWERS] + OTHER_KINDS,
)
def test_the_vote_goes_to_the_commonest_value_and_the_earliest_of_equals(
    kind: tuple[str, list[str]],
    extracted: list[str | None],
    right: list[bool],
    winner: str | None,
    correct: bool,
) -> None:
    n = len(extracted)
    answers = pl.DataFrame(
        {
            "problem_id": ["p"] * n,
            "source": ["toy"] * n,
            "domain": ["in"] * n,
            "form_of": pl.Series([None] * n, dtype=pl.String),
            "level": [1] * n,
            "kind": [kind[0]] * n,
            "options": pl.Series([kind[1]] * n, dtype=pl.List(pl.String)),
            "draw": range(n),
            "extracted": pl.Series(extracted, dtype=pl.String),
            "correct": right,
            "n_tokens": [3] * n,
        }
    )
    row = vote_rows(add_values(answers, GRADE)).row(0, named=True)
    assert (row["extracted"], row["correct"]) == (winner, correct)
    assert (row["n_drawn"], row["n_correct"], row["n_tokens"]) == (n, sum(right), 3 * n)


@pytest.mark.parametrize(
    ("text", "correct", "flawed"),
    [
        ("Ann: 7+5=12\n#### 12", True, False),
        ("Ann: 7-5=12\n#### 12", True, True),
        ("#### 12", True, True),
        ("#### 13", False, None),
    ],
)
def test_a_right_answer_is_flawed_when_a_step_is_unsound(
    text: str, correct: bool, flawed: bool | None
) -> None:
    gold = [["Ann: 7+5=12\n", "#### 12"]]
    answers = pl.DataFrame(
        {"rationale": gold, "text": [text], "kind": ["math"], "correct": [correct]}
    ).with_columns(outcome_stated=pl.lit("wrong"), outcome_flexible=pl.lit("correct"))
    assert greedy_rows(answers, TaskSettings(name="toy"))["flawed"].to_list() == [flawed]
