"""Gold rows: which problems have them, each once."""

import polars as pl
import pytest

from tests.fakes.scored_paths import DEMONSTRATED, OTHERS, ROUND, Q, run


def test_gold_rows_can_be_added() -> None:
    made = run(with_gold=True)["examples"]
    assert made.height == 30 and made["example_id"].is_unique().all()
    assert made["step_labels"].is_null().all() and made["steps"].list.len().min() > 1


def test_a_reference_is_not_added_twice() -> None:
    same = {"planted": ROUND, "rows": "balanced", "feedback": "outcome", "with_reference": True}
    made = run(with_gold=True, **same)["examples"].filter(pl.col("origin") == "gold")
    assert made.height == 30
    labelled = made.filter(pl.col("step_labels").is_not_null())
    assert labelled["problem_id"].to_list() == [Q]


@pytest.mark.parametrize("feedback", ["none", "outcome"])
@pytest.mark.parametrize(
    ("gold_of", "others"), [("demonstrated", []), ("drawn", sorted(OTHERS[:2]))]
)
def test_gold_rows_of_the_problems_drawn_for(
    feedback: str, gold_of: str, others: list[str]
) -> None:
    made = run(planted=ROUND, rows="gold", feedback=feedback, gold_of=gold_of)["examples"]
    assert sorted(made["problem_id"]) == sorted([*DEMONSTRATED, *others])
