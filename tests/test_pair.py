"""Pairs and examples from paths and rewards."""

import polars as pl
import pytest

from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.table import RatchetError
from stages.pair import PairSettings, pair
from stages.stage import Turn
from tests.conftest import toy_problems

PROBLEMS = toy_problems()
P, Q = PROBLEMS["problem_id"][0], PROBLEMS["problem_id"][1]
PATHS = [  # path, problem, right, reward
    ("a", P, True, 0.9),
    ("b", P, True, 0.6),
    ("c", P, False, 0.8),
    ("d", P, False, 0.1),
    ("e", Q, True, 0.5),
]


def settings(**changes: object) -> PairSettings:
    values = {
        "by": "process",
        "rows": "pairs",
        "margin": 0.25,
        "chosen_correct": True,
        "per_problem": 9,
        "keep_unpaired": False,
        "with_gold": False,
        "cumulative": True,
        "at_least": 0,
    }
    return PairSettings.model_validate(values | changes)


def run(iteration: int = 1, old: dict[str, pl.DataFrame] | None = None, **changes: object):  # type: ignore[no-untyped-def]
    old = old or {"pairs": Pairs.create_empty(), "examples": Examples.create_empty()}
    paths = pl.DataFrame(
        {
            "path_id": [row[0] for row in PATHS],
            "problem_id": [row[1] for row in PATHS],
            "correct": [row[2] for row in PATHS],
            "steps": [[f"text {row[0]}"] for row in PATHS],
            "kept": [True] * len(PATHS),
        }
    )
    scores = pl.DataFrame({"path_id": [r[0] for r in PATHS], "reward": [r[3] for r in PATHS]})
    return pair(
        problems=PROBLEMS,
        paths=paths,
        path_scores=scores,
        old_pairs=old["pairs"],
        old_examples=old["examples"],
        pair=settings(**changes),
        turn=Turn(iteration, 0),
    )


def chosen(made: dict[str, pl.DataFrame]) -> set[str]:
    return {f"{w}>{x}" for w, x in made["pairs"].select("chosen_id", "rejected_id").rows()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"a>b", "a>d", "b>d"}),
        ({"margin": 0.0}, {"a>b", "a>c", "a>d", "b>d"}),
        ({"margin": 0.8}, {"a>d"}),
        ({"margin": 1.0}, set()),
        ({"chosen_correct": False}, {"a>b", "a>d", "b>d", "c>d"}),
        ({"by": "outcome"}, {"a>c", "a>d", "b>c", "b>d"}),
        ({"by": "none"}, set()),
    ],
)
def test_pairs(changes: dict[str, object], expected: set[str]) -> None:
    assert chosen(run(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"keep_unpaired": True}, {"e"}),
        ({"keep_unpaired": True, "margin": 1.0}, {"a", "b", "e"}),
        ({"rows": "examples"}, {"a", "b", "e"}),
        ({"by": "none", "rows": "gold"}, {None}),
        ({"by": "none"}, set()),
    ],
)
def test_examples(changes: dict[str, object], expected: set[str | None]) -> None:
    assert set(run(**changes)["examples"]["path_id"]) == expected


def test_at_most_so_many_a_problem_and_the_same_ones_each_time() -> None:
    few = run(margin=0.0, per_problem=2)
    assert len(chosen(few)) == 2
    assert chosen(few) == chosen(run(margin=0.0, per_problem=2))


def test_wrong_choices_can_be_counted() -> None:
    made = run(chosen_correct=False)["pairs"]
    assert made.filter(~pl.col("chosen_correct"))["chosen_id"].to_list() == ["c"]


@pytest.mark.parametrize(("cumulative", "height"), [(True, 3), (False, 1)])
def test_cumulative_rows_keep_where_they_were_made(cumulative: bool, height: int) -> None:
    first = run(iteration=1)
    first = {
        name: first[name].select(table.stored_columns())
        for name, table in (("pairs", Pairs), ("examples", Examples))
    }
    second = run(iteration=2, old=first, margin=0.8, cumulative=cumulative)["pairs"]
    assert second.height == height
    assert dict(second.select("chosen_id", "made_in").rows()).get("b", 1) == 1
    again = second.filter((pl.col("chosen_id") == "a") & (pl.col("rejected_id") == "d"))
    assert again.height == 1


def test_gold_rows_can_be_added() -> None:
    made = run(with_gold=True)["examples"]
    assert made.height == 30 and made["example_id"].is_unique().all()


def test_too_few_rows_stop_with_what_is_there() -> None:
    with pytest.raises(RatchetError) as error:
        run(margin=0.8, at_least=8)
    assert "1 training rows, fewer than pair.at_least=8: of 5 paths 3 are right" in str(error.value)
    assert "\n" not in str(error.value)
