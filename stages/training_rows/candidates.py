"""Candidates for training rows: kept paths with reward and step labels. Section `pair`."""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from stages.pipeline.params import Section


class PairSettings(Section):
    """Section `pair`."""

    section: ClassVar[str] = "pair"
    feedback: Literal["process", "labels", "outcome", "none"]
    rows: Literal[
        "pairs", "examples", "balanced", "balanced_pairs", "balanced_right", "steps", "gold"
    ]
    reward: Literal["mean", "min"]
    margin: float = Field(ge=0, le=1)
    threshold: float | None = Field(ge=0, le=1)
    chosen_correct: bool
    max_per_problem: int | None = Field(ge=1)
    keep_unpaired: bool
    with_reference: bool
    with_gold: bool
    gold_of: Literal["demonstrated", "drawn", "tail"]
    min_rows: int = Field(ge=0)

    @property
    def is_balanced(self) -> bool:
        """Whether rows are made of as many right as wrong paths (Step-KTO §2.4)."""
        return self.rows.startswith("balanced")

    @property
    def limit(self) -> int:
        """`max_per_problem`, or more than any problem has."""
        return 2**31 - 1 if self.max_per_problem is None else self.max_per_problem


def candidates(
    paths: pl.DataFrame,
    path_scores: pl.DataFrame,
    step_labels: pl.DataFrame,
    settings: PairSettings,
) -> pl.DataFrame:
    """Kept paths: problem_id, path_id, made_in, correct, steps, step_labels, reward, text, origin.

    step_labels are null unless every step has one; reward is null if the path was not scored.
    """
    fully_labelled = pl.col("step_labels").list.len() == pl.col("steps").list.len()
    return (
        paths.filter("kept")
        .select(
            "problem_id",
            "path_id",
            "made_in",
            "correct",
            "steps",
            text=pl.col("steps").list.join(""),
        )
        .filter(pl.col("text").str.strip_chars() != "")
        .join(ordered_labels(step_labels), on="path_id", how="left")
        .with_columns(pl.when(fully_labelled).then("step_labels"))
        .join(path_scores, on="path_id", how="left")
        .with_columns(reward=reward(settings))
        .select(
            "problem_id",
            "path_id",
            "made_in",
            "correct",
            "steps",
            "step_labels",
            "reward",
            "text",
            origin=pl.lit("sampled"),
        )
    )


def rollout_candidates(rollouts: pl.DataFrame) -> pl.DataFrame:
    """The same columns of kept rollouts, which are right, not split into steps and not scored."""
    return rollouts.select(
        "problem_id",
        path_id="rollout_id",
        made_in="made_in",
        correct=True,
        steps=pl.lit(None, pl.List(pl.String)),
        step_labels=pl.lit(None, pl.List(pl.Boolean)),
        reward=pl.lit(None, pl.Float64),
        text="text",
        origin=pl.lit("rollout"),
    )


def ordered_labels(step_labels: pl.DataFrame) -> pl.DataFrame:
    """path_id and its labels in the order of the steps."""
    return (
        step_labels.sort("path_id", "step")
        .group_by("path_id", maintain_order=True)
        .agg(step_labels="label")
    )


def reward(settings: PairSettings) -> pl.Expr:
    """A path's reward: the verifier's (SIPF §2.3, Eq. 5), or the same from its hard labels."""
    if settings.feedback != "labels":
        return pl.col({"mean": "reward", "min": "reward_min"}[settings.reward])
    values = pl.col("step_labels").cast(pl.List(pl.Float64)).list
    return {"mean": values.mean(), "min": values.min()}[settings.reward]
