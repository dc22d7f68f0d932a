"""label: is each step right: by rollouts (SIPF §2.2, Eq. 2), a judge (Step-KTO §2.1) or the truth.

Simulated labels are stored with their counts and a judge's labels with its reasons; the oracle's
are the task's own truth. With `prefix_and`, every step after a wrong one is wrong too.

Rollouts that reach the answer can be kept as solutions (`keep_rollouts`). They are made after
`dedup` and only right ones are kept, so they would distort the iteration's rates as samples or
paths. They have their own table, from which `pair` makes rows.

Paths of earlier iterations (`dedup.cumulative`) keep the labels and rollouts that they have.
"""

from pathlib import Path
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.errors import RatchetError
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.rollouts import Rollouts
from schemas.samples import Samples
from schemas.step_labels import StepLabels
from stages.compute.compute_settings import ComputeSettings
from stages.engines.chat_sampler import ChatSampler
from stages.engines.engine import EngineSettings
from stages.engines.sampler import Sampler
from stages.feedback.evidence import NO_EVIDENCE, right_samples
from stages.feedback.kept_rollouts import new_path_rows
from stages.feedback.simulation import SimulationSettings, label_rows, simulate, step_prefixes
from stages.feedback.step_judge import Decisions, JudgeSettings, judge_steps
from stages.grading.grade_frame import GradeSettings
from stages.models.folders import is_empty
from stages.pipeline.digests import digest
from stages.pipeline.inputs import Model, Now, NowFiles, Once, Previous, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.training_rows.unpaired import balanced_paths


class LabelSettings(SimulationSettings):
    """Section `label`."""

    section: ClassVar[str] = "label"
    method: Literal["rollouts", "judge", "oracle", "none"]
    prefix_and: bool
    max_paths: int | None = Field(ge=1)
    max_per_problem: int = Field(ge=1)
    first: Literal["any", "solved", "balanced", "right"]


def choose_paths(
    paths: pl.DataFrame, problems: pl.DataFrame, settings: LabelSettings
) -> pl.DataFrame:
    """The paths to label: right and wrong ones alternately, problems in the order of their digests.

    With first=solved, problems with paths of both outcomes come first, then those that are always
    solved, since training rows are made from these. An unsolved problem has no right path. With
    first=balanced, only the paths that balanced rows are made of are labelled (Step-KTO §2.4). With
    first=right, only right ones are: which of them have a wrong step (GSI's spurious correctness).
    """
    if settings.first == "balanced":
        kept = paths.filter("kept")
        solved = kept.filter("correct").select("problem_id")
        unsolved = problems.filter("demonstrated").join(solved, on="problem_id", how="anti")
        paths = balanced_paths(kept, unsolved, max(settings.max_per_problem // 2, 1))
    elif settings.first == "right":
        paths = paths.filter("correct")
    right, wrong = pl.col("correct").any(), (~pl.col("correct")).any()
    merit = right.cast(pl.Int8) + (right & wrong).cast(pl.Int8)
    return (
        paths.filter("kept")
        .with_columns(
            pl.col("path_id").map_elements(_shuffle_key, pl.String).alias("path_order"),
            pl.col("problem_id").map_elements(_shuffle_key, pl.String).alias("problem_order"),
            merit=merit.over("problem_id") if settings.first == "solved" else pl.lit(0),
        )
        .sort("path_order")
        .with_columns(rank=pl.col("path_id").cum_count().over("problem_id", "correct"))
        .sort("rank", "correct", "path_order")
        .with_columns(position=pl.col("path_id").cum_count().over("problem_id"))
        .filter(pl.col("position") <= settings.max_per_problem)
        .sort("merit", "problem_order", "position", descending=[True, False, False])
        .head(paths.height if settings.max_paths is None else settings.max_paths)
        .select(paths.columns)
    )


def _shuffle_key(name: str) -> str:
    return digest("label", name)


def paths_with_truth(paths: pl.DataFrame) -> pl.DataFrame:
    """The paths whose steps the task has checked. Raises RatchetError when there are none."""
    with_truth = paths.filter(pl.col("truth").is_not_null())
    if with_truth.is_empty():
        raise RatchetError(
            "label.method=oracle needs a task that can check its steps, such as task=toy"
        )
    return with_truth


def oracle_rows(paths: pl.DataFrame) -> pl.DataFrame:
    """Rows of `step_labels` from the task's truth."""
    return (
        paths.filter(pl.col("truth").list.len() > 0)
        .select("path_id", label="truth", step=pl.int_ranges(pl.col("truth").list.len()))
        .explode("label", "step")
        .with_columns(
            labeler=pl.lit("oracle"),
            n_rollouts=0,
            n_correct=0,
            n_evidence=0,
            stop=pl.lit("known"),
            reflection=pl.lit(None, pl.String),
        )
    )


def apply_prefix_and(labels: pl.DataFrame) -> pl.DataFrame:
    """The labels, each right only if those of all earlier steps are; counts stay as they are."""
    lowest = pl.col("label").cast(pl.Int8).cum_min().over("path_id", order_by="step")
    return labels.with_columns(label=lowest.cast(pl.Boolean))


def simulate_labels(
    sampler: Sampler,
    chosen: pl.DataFrame,
    paths: pl.DataFrame,
    problems: pl.DataFrame,
    samples: list[Path],
    settings: LabelSettings,
    grade: GradeSettings,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows of `step_labels`, rows of `rollouts`) of the chosen paths."""
    outcomes = NO_EVIDENCE
    if settings.evidence in ("outcome", "both"):
        outcomes = right_samples(paths, samples, problems, sampler, settings.sampling)
    steps = step_prefixes(chosen, problems)
    counts, right = simulate(sampler, steps, settings, grade, outcomes)
    return label_rows(steps, counts, settings), new_path_rows(right, paths)


def add_earlier(rows: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """The earlier rows and the new ones, in the columns that both have."""
    names = [name for name in earlier.columns if name in rows.columns]
    return pl.concat([earlier.select(names), rows.select(names)], how="vertical_relaxed")


def of_earlier_paths(rows: pl.DataFrame, paths: pl.DataFrame, iteration: int) -> pl.DataFrame:
    """The rows, with path_id, of those paths that an earlier iteration made."""
    return rows.join(paths.filter(pl.col("made_in") < iteration), on="path_id", how="semi")


@stage(writes=[now(StepLabels), now(Rollouts), now(Rejects)])
def label(
    problems: Once[Problems],
    samples: NowFiles[Samples],
    paths: Now[Paths],
    earlier_labels: Previous[StepLabels],
    earlier_rollouts: Previous[Rollouts],
    policy: Model.previous,
    simulator: Model.simulator,
    label: LabelSettings,
    judge: JudgeSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """Labels the steps of some of the iteration's paths."""
    rejects: pl.DataFrame = Rejects.create_empty()
    rollouts: pl.DataFrame = Rollouts.create_empty()
    labels: pl.DataFrame = StepLabels.create_empty()
    if label.method == "none" or paths.is_empty():
        return {"step_labels": labels, "rollouts": rollouts, "rejects": rejects}
    iteration = stage_run.iteration
    known = paths_with_truth(paths) if label.method == "oracle" else paths
    chosen = choose_paths(known.filter(pl.col("made_in") == iteration), problems, label)
    if label.method == "oracle":
        labels = oracle_rows(chosen)
    elif label.method == "judge":
        schema = judge.schema_of(Decisions.schema_for_server())
        asked = ChatSampler(judge, stage_run, schema)
        labels, rejects = judge_steps(asked, chosen, problems, judge)
    else:
        sampler = Sampler(policy if is_empty(simulator) else simulator, engine, compute, stage_run)
        labels, rollouts = simulate_labels(sampler, chosen, paths, problems, samples, label, grade)
    labels = apply_prefix_and(labels) if label.prefix_and else labels
    labels = add_earlier(labels, of_earlier_paths(earlier_labels, paths, iteration))
    # a rollout whose path a sample has taken since is that path now
    known_paths = ["problem_id", "fingerprint"]
    kept = of_earlier_paths(earlier_rollouts, paths, iteration)
    rollouts = rollouts.with_columns(made_in=pl.lit(iteration, pl.Int16))
    rollouts = add_earlier(rollouts, kept.join(paths, on=known_paths, how="anti"))
    return {"step_labels": labels, "rollouts": rollouts, "rejects": rejects}


if __name__ == "__main__":
    label.main()
