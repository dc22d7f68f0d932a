"""Pairs and examples from paths, rewards, step labels and corrections."""

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.rollouts import Rollouts
from stages.pair import PairSettings, pair
from stages.pipeline.stage_run import StageRun
from tests.conftest import guide_settings, toy_problems

PROBLEMS = toy_problems()
DEMONSTRATED = PROBLEMS.filter("demonstrated")["problem_id"].to_list()
OTHERS = PROBLEMS.filter(~pl.col("demonstrated") & (pl.col("split") == "train"))["problem_id"]
P, Q = DEMONSTRATED[0], DEMONSTRATED[1]
Row = tuple[str, str, bool, float, str]
PATHS: list[Row] = [  # path, problem, right, reward, step labels
    ("a", P, True, 0.9, "++"),
    ("b", P, True, 0.6, "+-"),
    ("c", P, False, 0.8, ""),
    ("d", P, False, 0.1, "--"),
    ("e", Q, True, 0.5, ""),
]
ROUND: list[Row] = [
    ("a", P, True, 0.9, "++"),
    ("b", P, True, 0.6, ""),
    ("c", P, False, 0.8, "-+"),
    ("d", P, False, 0.1, ""),
    ("e", Q, False, 0.5, ""),
    ("f", Q, False, 0.4, "--"),
    ("g", OTHERS[0], False, 0.3, "--"),  # unsolved, with nothing to show
    ("h", OTHERS[1], True, 0.7, "++"),  # solved each time
    ("i", DEMONSTRATED[2], True, 0.7, ""),  # solved, by a path that is not labelled
    ("j", DEMONSTRATED[2], False, 0.2, "--"),
]
CORRECTIONS = [  # correction, path, problem, prefix, rejected, it ends, correction, it ends
    ("x", "c", P, "one\n", "two\n", False, "deux\n", False),
    ("y", "d", P, "", "one\n", False, "un", True),
    ("z", "f", Q, "one\n", "two", True, None, None),
]


def settings(**changes: object) -> PairSettings:
    values = {
        "feedback": "process",
        "rows": "pairs",
        "reward": "mean",
        "margin": 0.25,
        "threshold": None,
        "chosen_correct": True,
        "max_per_problem": 9,
        "keep_unpaired": False,
        "with_reference": False,
        "with_gold": False,
        "gold_of": "demonstrated",
        "cumulative": True,
        "min_rows": 0,
    }
    return PairSettings.model_validate(values | changes)


def tables(rows: list[Row]) -> dict[str, pl.DataFrame]:
    """paths, path_scores and step_labels; a lowest step is worth a tenth less than the mean."""
    names = [row[0] for row in rows]
    rewards = [row[3] for row in rows]
    said = [(row[0], step, sign == "+") for row in rows for step, sign in enumerate(row[4])]
    return {
        "paths": pl.DataFrame(
            {
                "path_id": names,
                "problem_id": [row[1] for row in rows],
                "correct": [row[2] for row in rows],
                "steps": [["text\n", f"to {name}"] for name in names],
                "kept": [True] * len(rows),
            }
        ),
        "path_scores": pl.DataFrame(
            {"path_id": names, "reward": rewards, "reward_min": [r - 0.1 for r in rewards]}
        ),
        "step_labels": pl.DataFrame(
            said,
            schema={"path_id": pl.String, "step": pl.Int16, "label": pl.Boolean},
            orient="row",
        ).reverse(),
    }


def corrections() -> pl.DataFrame:
    parts = ["correction_id", "path_id", "problem_id", "prefix", "rejected", "rejected_ends"]
    names = [*parts, "correction", "correction_ends"]
    return pl.DataFrame(CORRECTIONS, schema=names, orient="row")


def run(
    iteration: int = 1,
    old: dict[str, pl.DataFrame] | None = None,
    planted: list[Row] = PATHS,
    given: dict[str, pl.DataFrame] | None = None,
    **changes: object,
) -> dict[str, pl.DataFrame]:
    old = old or {"pairs": Pairs.create_empty(), "examples": Examples.create_empty()}
    frames = tables(planted) | {"corrections": corrections()}
    frames |= {"rollouts": Rollouts.create_empty()} | (given or {})
    made: dict[str, pl.DataFrame] = pair(
        problems=PROBLEMS,
        **frames,
        old_pairs=old["pairs"],
        old_examples=old["examples"],
        pair=settings(**changes),
        guide=guide_settings(),
        stage_run=StageRun(iteration, 0),
    )
    return {
        name: store.validate(made[name].with_columns(iteration=iteration), table, "test")
        for name, table in (("pairs", Pairs), ("examples", Examples))
    }


def kept_rollouts() -> pl.DataFrame:
    """A right one of P, and of a problem that no path solves."""
    rows = [("x1", P, "one\ntwo anew"), ("x2", OTHERS[0], "two anew")]
    return pl.DataFrame(rows, schema=["rollout_id", "problem_id", "text"], orient="row")


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


R = DEMONSTRATED[2]


@pytest.mark.parametrize(
    ("changes", "expected"),  # problem → sampled right, sampled wrong and gold rows
    [
        ({"feedback": "outcome"}, {P: (2, 2, 0), R: (1, 1, 0)}),
        ({"feedback": "process"}, {P: (2, 2, 0), R: (1, 1, 0)}),
        ({"feedback": "outcome", "max_per_problem": 1}, {P: (1, 1, 0), R: (1, 1, 0)}),
        (
            {"feedback": "outcome", "with_reference": True},
            {P: (2, 2, 0), R: (1, 1, 0), Q: (0, 1, 1)},
        ),
        ({"feedback": "labels"}, {P: (1, 1, 0)}),
        ({"feedback": "labels", "with_reference": True}, {P: (1, 1, 0), Q: (0, 1, 1)}),
        ({"feedback": "none", "with_reference": True}, {}),
    ],
)
def test_balanced_rows(changes: dict[str, object], expected: dict[str, tuple[int, ...]]) -> None:
    made = run(planted=ROUND, rows="balanced", **changes)["examples"]
    found: dict[str, list[int]] = {}
    for problem, origin, correct in made.select("problem_id", "origin", "correct").rows():
        counts = found.setdefault(problem, [0, 0, 0])
        counts[2 if origin == "gold" else 0 if correct else 1] += 1
    assert {problem: tuple(counts) for problem, counts in found.items()} == expected
    assert run(planted=ROUND[::-1], rows="balanced", **changes)["examples"].equals(made)


def test_balanced_rows_carry_what_is_known_of_them() -> None:
    made = run(planted=ROUND, rows="balanced", feedback="outcome", with_reference=True)["examples"]
    rows = {row["path_id"] or row["problem_id"]: row for row in made.to_dicts()}
    for name, _, correct, reward, labels in ROUND:
        if name in rows:
            row = rows[name]
            assert (row["correct"], row["reward"]) == (correct, reward)
            assert row["steps"] == ["text\n", f"to {name}"]
            assert row["step_labels"] == ([sign == "+" for sign in labels] or None)
            assert row["made_in"] == 1
    rationale = dict(PROBLEMS.select("problem_id", "rationale").rows())[Q]
    reference = rows[Q]
    assert reference["steps"] == rationale and reference["correct"]
    assert reference["step_labels"] == [True] * len(rationale)


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


@pytest.mark.parametrize(("cumulative", "height"), [(True, 3), (False, 1)])
def test_cumulative_rows_keep_where_they_were_made(cumulative: bool, height: int) -> None:
    first = run(iteration=1)
    second = run(iteration=2, old=first, margin=0.8, cumulative=cumulative)["pairs"]
    assert second.height == height
    assert dict(second.select("chosen_id", "made_in").rows()).get("b", 1) == 1
    again = second.filter((pl.col("chosen_id") == "a") & (pl.col("rejected_id") == "d"))
    assert again.height == 1


@pytest.mark.parametrize("cumulative", [True, False])
@pytest.mark.parametrize(
    ("rows", "noun", "key", "both", "last"),
    [("balanced", "examples", "example_id", 8, 2), ("steps", "pairs", "pair_id", 2, 1)],
)
def test_new_kinds_of_rows_accumulate(
    rows: str, noun: str, key: str, both: int, last: int, cumulative: bool
) -> None:
    same = {"rows": rows, "feedback": "outcome", "with_reference": True, "cumulative": cumulative}
    first = run(iteration=1, planted=ROUND, **same)
    given = {"corrections": corrections().head(1)}
    second = run(iteration=2, planted=ROUND[:3], old=first, given=given, **same)[noun]
    assert second.height == (both if cumulative else last)
    assert second[key].is_unique().all()
    assert (second["made_in"] == 2).sum() == last
    gold = second.filter(pl.col("origin") == "gold") if noun == "examples" else second.head(0)
    assert gold["problem_id"].to_list() == ([Q] if cumulative and rows == "balanced" else [])


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
    again = run(
        2, old={"pairs": Pairs.create_empty(), "examples": made}, rows="gold", feedback=feedback
    )
    assert sorted(again["examples"]["problem_id"]) == sorted([*DEMONSTRATED, *others])


NO_LABELS = {"step_labels": tables(PATHS)["step_labels"].head(0)}
NO_SCORES = {"path_scores": tables(PATHS)["path_scores"].head(0)}


@pytest.mark.parametrize(
    ("changes", "given", "message"),
    [
        ({"margin": 0.8, "min_rows": 8}, {}, "1 pairs, fewer than pair.min_rows=8: of 5 "),
        ({"feedback": "process"}, NO_SCORES, "no path is scored: set verifier.kind=prm"),
        ({"feedback": "labels"}, NO_LABELS, "no path is labelled: set label.method=rollouts"),
        ({"feedback": "labels", "rows": "balanced"}, NO_LABELS, "no path is labelled"),
        (
            {"feedback": "outcome", "rows": "steps"},
            {"corrections": corrections().head(0)},
            "no wrong step was resampled: set correct.method=resampling",
        ),
        (
            {"feedback": "outcome", "rows": "steps"},
            {"corrections": corrections().tail(1)},
            "none of 1 wrong steps was corrected: raise correct.max_tries",
        ),
    ],
)
def test_too_little_is_one_line_that_says_what_is_missing(
    changes: dict[str, object], given: dict[str, pl.DataFrame], message: str
) -> None:
    with pytest.raises(RatchetError) as error:
        run(given=given, **changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"feedback": "none"},
        {"feedback": "process", "rows": "gold"},
        {"feedback": "outcome", "rows": "examples"},
    ],
)
def test_rows_that_need_no_feedback_do_without(changes: dict[str, object]) -> None:
    given = NO_LABELS | NO_SCORES | {"corrections": corrections().head(0)}
    assert run(given=given, **changes)["pairs"].is_empty()


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
