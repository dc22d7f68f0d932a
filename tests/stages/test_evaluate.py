"""Votes and flaws."""

import polars as pl
import pytest

from stages.evaluate import greedy_rows, vote_rows
from stages.tasks.task import TaskSettings

ANSWERS = [  # draw by draw: answer, right
    (["1", "2", "2"], [True, False, False], "2", False),
    (["1", "1", "2"], [True, True, False], "1", True),
    (["1", "2", None], [True, False, False], "1", True),
    (["2", "1", "1", "2"], [False, True, True, False], "2", False),
    ([None, None], [False, False], None, False),
]


@pytest.mark.parametrize(("extracted", "right", "winner", "correct"), ANSWERS)
def test_the_vote_goes_to_the_commonest_answer_and_the_earliest_of_equals(
    extracted: list[str | None], right: list[bool], winner: str | None, correct: bool
) -> None:
    n = len(extracted)
    answers = pl.DataFrame(
        {
            "problem_id": ["p"] * n,
            "source": ["toy"] * n,
            "domain": ["in"] * n,
            "form_of": pl.Series([None] * n, dtype=pl.String),
            "level": [1] * n,
            "draw": range(n),
            "extracted": pl.Series(extracted, dtype=pl.String),
            "correct": right,
            "n_tokens": [3] * n,
        }
    )
    row = vote_rows(answers).row(0, named=True)
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
    )
    assert greedy_rows(answers, TaskSettings(name="toy"))["flawed"].to_list() == [flawed]
