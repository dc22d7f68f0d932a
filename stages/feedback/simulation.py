"""Labels by simulation (SIPF §2.2, Eq. 2): counts right continuations of each step's prefix.

From the prefix that ends with a step, K continuations are drawn; the step is right if more than
delta of them reach the reference answer. Nothing follows the last step, so its label is the path's
own outcome. Counts are stored, so that without early stopping other thresholds are a query.
`rollout_schedule` decides how many continuations to draw from which prefixes, and `evidence` what
else proves a step.
"""

from itertools import count
from typing import Literal

import polars as pl

from stages.engines.sample_rows import sample_rows
from stages.engines.sampler import Sampler
from stages.feedback.evidence import evidence_counts, later_prefixes
from stages.feedback.rollout_schedule import (
    SearchSettings,
    first_wrong_spans,
    label_if_decided,
    next_rollouts,
)
from stages.grading.grade_frame import REFERENCE_COLUMNS, GradeSettings, grade_frame
from stages.models.sampling import Sampling, SamplingSettings
from stages.pipeline.digests import digest
from stages.solutions.steps import join_continuation


class SimulationSettings(SearchSettings, SamplingSettings):
    """The settings of a section that say how steps are simulated."""

    keep_rollouts: Literal["none", "right"]


def step_prefixes(paths: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """One row per step: path_id, step, the path's text to the step's end, whether it is the last.

    Paths with the same beginning share its prefix_id, and its rollouts.
    """
    rows = [
        {
            "path_id": row["path_id"],
            "problem_id": row["problem_id"],
            "correct": row["correct"],
            "step": step,
            "prefix": "".join(row["steps"][: step + 1]),
            "last": step == len(row["steps"]) - 1,
        }
        for row in paths.select("path_id", "problem_id", "correct", "steps").iter_rows(named=True)
        for step in range(len(row["steps"]))
    ]
    schema = {
        "path_id": pl.String,
        "problem_id": pl.String,
        "correct": pl.Boolean,
        "step": pl.Int16,
        "prefix": pl.String,
        "last": pl.Boolean,
    }
    steps = pl.DataFrame(rows, schema=schema)
    names = [digest(*row) for row in steps.select("problem_id", "prefix").rows()]
    return steps.with_columns(pl.Series("prefix_id", names, pl.String)).join(
        problems.select("problem_id", "prompt", *REFERENCE_COLUMNS),
        on="problem_id",
        maintain_order="left",
    )


def simulate(
    sampler: Sampler,
    steps: pl.DataFrame,
    settings: SimulationSettings,
    grade: GradeSettings,
    outcomes: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(counts, right rollouts) of the rows of `step_prefixes`, in rounds until none is needed.

    Counts: prefix_id, n_rollouts, n_correct, n_evidence and right, null if undecided. Right
    rollouts come with their texts, if they are kept. `outcomes` are the right samples of each
    prefix (prefix_id, n). A prefix has the same draws, in the same order, however they are divided
    into rounds.
    """
    inner = steps.filter(~pl.col("last"))
    texts = inner.unique("prefix_id", keep="first", maintain_order=True)
    later = later_prefixes(inner)
    ends = pl.DataFrame(schema={"prefix_id": pl.String, "correct": pl.Boolean})
    counts = count_rollouts(texts, ends, later, outcomes, settings)
    right = []
    for number in count(1):
        next_prefixes = next_rollouts(inner, counts, settings)
        if next_prefixes.is_empty():
            break
        rows = texts.join(next_prefixes, on="prefix_id", maintain_order="right")
        rollouts = roll_out(sampler, rows, settings.sampling, grade, number)
        ends = pl.concat([ends, rollouts.select("prefix_id", "correct")])
        counts = count_rollouts(texts, ends, later, outcomes, settings)
        if settings.keep_rollouts == "right":
            right.append(rollouts.filter("correct"))
    return counts, pl.concat(right) if right else pl.DataFrame()


def count_rollouts(
    texts: pl.DataFrame,
    ends: pl.DataFrame,
    later: pl.DataFrame,
    outcomes: pl.DataFrame,
    settings: SimulationSettings,
) -> pl.DataFrame:
    """The counts of each prefix, from the outcomes of all rollouts so far (prefix_id, correct)."""
    prefix_counts = ends.group_by("prefix_id").agg(
        n_rollouts=pl.len().cast(pl.Int32), n_correct=pl.col("correct").sum().cast(pl.Int32)
    )
    return (
        texts.select("prefix_id")
        .join(prefix_counts, on="prefix_id", how="left", maintain_order="left")
        .join(
            evidence_counts(prefix_counts, later, outcomes, settings.evidence),
            on="prefix_id",
            how="left",
        )
        .with_columns(pl.col("n_rollouts", "n_correct", "n_evidence").fill_null(0))
        .with_columns(right=label_if_decided(settings))
    )


def roll_out(
    sampler: Sampler, prefixes: pl.DataFrame, sampling: Sampling, grade: GradeSettings, number: int
) -> pl.DataFrame:
    """Draws and grades `more` rollouts of each prefix after its first n_rollouts.

    The model continues the prefix without its trailing blanks (`Sampler.requests`).
    """
    begin = pl.col("n_rollouts")
    draws = pl.int_ranges(begin, begin + pl.col("more"), dtype=pl.Int32)
    rows = prefixes.with_columns(draw=draws, start="prefix").explode("draw")
    rollouts = sample_rows(sampler, rows, sampling, f"label {number}")
    texts = [
        join_continuation(prefix, text)
        for prefix, text in rollouts.select("prefix", "text").iter_rows()
    ]
    joined = rollouts.with_columns(pl.Series("text", texts, pl.String))
    return grade_frame(joined, grade, "grade rollouts", sampler.compute)


def label_rows(
    steps: pl.DataFrame, counts: pl.DataFrame, settings: SimulationSettings
) -> pl.DataFrame:
    """Rows of `step_labels`: inner steps by their prefix's counts, last steps by the outcome."""
    inner, last = steps.filter(~pl.col("last")), steps.filter("last")
    before = pl.col("step") < pl.col("high")
    rolled = inner.join(counts, on="prefix_id").join(first_wrong_spans(inner, counts), on="path_id")
    numbers = ["n_rollouts", "n_correct", "n_evidence"]
    return pl.concat(
        [
            rolled.select(
                "path_id",
                "step",
                *numbers,
                stop=stop_reason(settings),
                labeler=pl.lit("rollouts"),
                label=pl.coalesce("right", before),
            ),
            last.select(
                "path_id",
                "step",
                n_rollouts=pl.lit(1, pl.Int32),
                n_correct=pl.col("correct").cast(pl.Int32),
                n_evidence=pl.lit(0, pl.Int32),
                stop=pl.lit("known"),
                labeler=pl.lit("outcome"),
                label="correct",
            ),
        ],
        how="diagonal_relaxed",
    ).with_columns(reflection=pl.lit(None, pl.String))


def stop_reason(settings: SimulationSettings) -> pl.Expr:
    """Why no more rollouts were drawn from a prefix: the value of `stop`."""
    enough = pl.col("n_correct") > settings.delta
    lost = pl.col("n_rollouts") - pl.col("n_correct") >= settings.max_rollouts - settings.delta
    return (
        pl.when(pl.col("right").is_null())
        .then(pl.lit("inferred"))
        .when(
            ~pl.lit(settings.early_stop) | (lost & (pl.col("n_rollouts") == settings.max_rollouts))
        )
        .then(pl.lit("all"))
        .when(enough)
        .then(pl.lit("successes"))
        .when("right")
        .then(pl.lit("evidence"))
        .when(lost)
        .then(pl.lit("out_of_reach"))
        .otherwise(pl.lit("given_up"))
    )
