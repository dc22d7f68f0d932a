"""Votes, flaws, coverage and progress."""

import polars as pl
import pytest

from schemas.coverage import Coverage
from stages.evaluate import greedy_rows, vote_rows
from stages.stats import content_digest, cover
from stages.tasks.toy import TASK

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
    answers = pl.DataFrame({"rationale": gold, "text": [text], "correct": [correct]})
    assert greedy_rows(answers, TASK)["flawed"].to_list() == [flawed]


def drawn(outcomes: dict[str, list[str]]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    rows = [(p, f"{p}{i}", o) for p, all_ in outcomes.items() for i, o in enumerate(all_)]
    frame = pl.DataFrame(rows, schema=["problem_id", "sample_id", "outcome"], orient="row")
    samples = frame.with_columns(strategy=pl.lit("unguided"), n_tokens=2)
    problems = pl.DataFrame({"problem_id": ["p", "q", "r"], "level": [1, 2, 3]})
    return problems, samples, frame.select("sample_id", "outcome")


def test_coverage_counts_by_problem_and_remembers() -> None:
    first = cover(*drawn({"p": ["correct", "wrong"], "q": ["wrong"] * 3}), _none(), 0.5)
    by = {row["problem_id"]: row for row in first.to_dicts()}
    assert (by["p"]["solve_rate"], by["p"]["tail_before"]) == (0.5, False)
    assert (by["q"]["solve_rate"], by["q"]["tail_before"], by["q"]["n_tokens"]) == (0.0, True, 6)
    second = cover(*drawn({"p": ["wrong"], "r": ["correct"]}), first, 0.5)
    ever = dict(second.select("problem_id", "solved_ever").rows())
    assert ever == {"p": True, "q": False, "r": True}
    assert second.filter(pl.col("problem_id") == "q")["n_drawn"].to_list() == [0]


def test_lineage_depends_on_content_and_not_on_order() -> None:
    one = pl.DataFrame({"a": ["x", "y"], "b": [[1], [2, 3]]})
    assert content_digest(one) == content_digest(one.reverse())
    assert content_digest(one) != content_digest(one.with_columns(a=pl.lit("x")))


def _none() -> pl.DataFrame:
    return Coverage.create_empty()
