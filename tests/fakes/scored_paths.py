"""Paths with rewards, step labels and corrections, and `pair` on them."""

import polars as pl

from schemas import store
from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.rollouts import Rollouts
from stages.pair import pair
from stages.pipeline.stage_run import StageRun
from stages.training_rows.candidates import PairSettings
from tests.fakes.small_settings import guide_settings
from tests.fakes.toy_problems import toy_problems

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
                "made_in": pl.Series([1] * len(rows), dtype=pl.Int16),
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
    planted: list[Row] = PATHS,
    given: dict[str, pl.DataFrame] | None = None,
    **changes: object,
) -> dict[str, pl.DataFrame]:
    frames = tables(planted) | {"corrections": corrections()}
    frames |= {"rollouts": Rollouts.create_empty()} | (given or {})
    made: dict[str, pl.DataFrame] = pair(
        problems=PROBLEMS,
        **frames,
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
    rows = [("x1", P, "one\ntwo anew", 1), ("x2", OTHERS[0], "two anew", 1)]
    schema = {"rollout_id": pl.String, "problem_id": pl.String, "text": pl.String}
    return pl.DataFrame(rows, schema=schema | {"made_in": pl.Int16}, orient="row")
