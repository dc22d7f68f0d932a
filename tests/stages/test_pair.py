"""Pairs and examples from paths, rewards, step labels and corrections."""

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.examples import Examples
from tests.fakes.scored_paths import PATHS, PROBLEMS, ROUND, P, kept_rollouts, run, tables


@pytest.mark.parametrize(
    ("changes", "entered"),
    [
        ({"rows": "examples", "feedback": "outcome"}, {"x1", "x2"}),
        ({"rows": "examples", "feedback": "process", "threshold": 0.5}, set()),
        ({"rows": "pairs", "feedback": "outcome"}, {"x1", "x2"}),
        ({"rows": "pairs", "feedback": "process"}, set()),
        (
            {"rows": "balanced", "feedback": "outcome"},
            {"x2"},
        ),  # P has two right paths for its wrong ones
        ({"rows": "balanced", "feedback": "labels"}, set()),
    ],
)
def test_kept_rollouts_are_right_paths_without_reward_or_labels(
    changes: dict[str, object], entered: set[str]
) -> None:
    made = run(planted=ROUND, given={"rollouts": kept_rollouts()}, **changes)
    sides = made["pairs"].select(pl.concat_list("chosen_id", "rejected_id").explode())
    used = made["examples"]["path_id"].to_list() + sides.to_series().to_list()
    assert {name for name in used if name in ("x1", "x2")} == entered
    examples = made["examples"].filter(pl.col("origin") == "rollout")
    assert set(examples["path_id"]) == (entered if changes["rows"] != "pairs" else set())
    assert examples["correct"].all() and set(examples["completion"]) <= {
        "one\ntwo anew",
        "two anew",
    }
    assert not entered & set(made["pairs"]["rejected_id"])


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
        ({"feedback": "outcome"}, {"a>c", "a>d", "b>c", "b>d"}),
        ({"feedback": "labels"}, {"a>b", "a>d", "b>d"}),
        ({"feedback": "labels", "margin": 0.6}, {"a>d"}),
        ({"feedback": "labels", "reward": "min"}, {"a>b", "a>d"}),
        ({"feedback": "none"}, set()),
        ({"rows": "steps"}, {"x>c", "y>d"}),
        ({"rows": "steps", "feedback": "outcome"}, {"x>c", "y>d"}),
        ({"rows": "steps", "feedback": "none"}, set()),
        ({"rows": "balanced"}, set()),
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
        ({"keep_unpaired": True, "margin": 1.0, "threshold": 0.7}, {"a"}),
        ({"rows": "examples"}, {"a", "b", "e"}),
        ({"rows": "examples", "threshold": 0.6}, {"a", "b"}),
        ({"rows": "examples", "threshold": 0.6, "reward": "min"}, {"a"}),
        ({"rows": "examples", "threshold": 0.6, "feedback": "outcome"}, {"a", "b", "e"}),
        ({"rows": "examples", "feedback": "labels"}, {"a", "b", "e"}),
        ({"rows": "examples", "feedback": "labels", "threshold": 0.5}, {"a", "b"}),
        ({"rows": "examples", "feedback": "labels", "threshold": 0.5, "reward": "min"}, {"a"}),
        ({"rows": "steps"}, set()),
        ({"feedback": "none", "rows": "gold"}, {None}),
        ({"feedback": "none"}, set()),
    ],
)
def test_examples(changes: dict[str, object], expected: set[str | None]) -> None:
    assert set(run(**changes)["examples"]["path_id"]) == expected


def test_a_path_with_a_step_unlabelled_counts_as_not_labelled() -> None:
    half = tables([("a", P, True, 0.9, "+"), ("d", P, False, 0.1, "--")])
    made = run(given=half, feedback="labels", rows="examples")["examples"]
    assert made.select("path_id", "reward", "step_labels").rows() == [("a", None, None)]


def test_step_pairs_go_on_from_the_steps_before() -> None:
    made = run(rows="steps", feedback="labels")["pairs"].sort("chosen_id")
    parts = ["prefix", "chosen", "chosen_ends", "rejected", "rejected_ends"]
    assert made.select(parts).rows() == [
        ("one\n", "deux\n", False, "two\n", False),
        ("", "un", True, "one\n", False),
    ]
    prompts = dict(PROBLEMS.select("problem_id", "prompt").rows())
    assert made["prompt"].to_list() == [prompts[P]] * 2
    assert made.select("chosen_correct", "rejected_correct").unique().rows() == [(True, False)]
    assert made.select("margin", "chosen_reward", "rejected_reward").null_count().row(0) == (2,) * 3
    assert run(rows="steps", feedback="labels", max_per_problem=1)["pairs"].height == 1


def test_whole_paths_end() -> None:
    made = run()["pairs"].select("prefix", "chosen_ends", "rejected_ends")
    assert made.unique().rows() == [("", True, True)]


def test_at_most_so_many_a_problem_and_the_same_ones_each_time() -> None:
    few = run(margin=0.0, max_per_problem=2)
    assert len(chosen(few)) == 2
    assert chosen(few) == chosen(run(margin=0.0, max_per_problem=2))


def test_wrong_choices_can_be_counted() -> None:
    made = run(chosen_correct=False)["pairs"]
    assert made.filter(~pl.col("chosen_correct"))["chosen_id"].to_list() == ["c"]


def later(made_in: dict[str, int]) -> dict[str, pl.DataFrame]:
    """PATHS of two rounds: those of the second by name, the others are of the first."""
    planted = tables(PATHS)
    rounds = [made_in.get(name, 1) for name in planted["paths"]["path_id"]]
    made = pl.Series("made_in", rounds, pl.Int16)
    return planted | {"paths": planted["paths"].with_columns(made)}


def test_pairs_form_across_rounds_and_say_which_side_is_the_newer() -> None:
    made = run(iteration=2, given=later({"d": 2}), feedback="outcome")["pairs"]
    rounds = {
        f"{w}>{x}": k for w, x, k in made.select("chosen_id", "rejected_id", "made_in").rows()
    }
    assert rounds == {"a>c": 1, "b>c": 1, "a>d": 2, "b>d": 2}


def test_all_rounds_are_paired_with_the_newest_rewards() -> None:
    """The pair a>b of the first round is none after a verifier that puts b near a."""
    again = later({"e": 2})
    close = pl.when(pl.col("path_id") == "b").then(0.85).otherwise("reward")
    again["path_scores"] = again["path_scores"].with_columns(reward=close)
    assert chosen(run()) == {"a>b", "a>d", "b>d"}
    assert chosen(run(iteration=2, given=again)) == {"a>d", "b>d"}


@pytest.mark.parametrize(("most", "first", "second"), [(1, 1, 1), (2, 2, 2), (9, 2, 2)])
def test_each_round_adds_at_most_so_many_a_problem(most: int, first: int, second: int) -> None:
    given = later({"d": 2})
    made = run(iteration=2, given=given, feedback="outcome", max_per_problem=most)["pairs"]
    assert made.sort("made_in")["made_in"].to_list() == [1] * first + [2] * second
    examples = run(iteration=2, given=later({"b": 2}), rows="examples", max_per_problem=1)[
        "examples"
    ]
    assert sorted(examples["path_id"]) == ["a", "b", "e"]


SPOILED = [
    ({"steps": ["text\n"]}, "steps_are_the_completion"),
    ({"step_labels": [True]}, "labels_cover_each_step"),
    ({"steps": None, "step_labels": [True, True]}, "labels_cover_each_step"),
]


@pytest.mark.parametrize(("changes", "rule"), SPOILED)
def test_steps_of_another_text_break_a_rule(changes: dict[str, object], rule: str) -> None:
    row = run(rows="examples")["examples"].row(0, named=True)
    spoiled = pl.DataFrame([row | changes], schema=Examples.polars_schema())
    with pytest.raises(RatchetError, match=rule):
        store.validate(spoiled, Examples, "test")
