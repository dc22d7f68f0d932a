"""label: is each step right: by simulation (SIPF Eq. 2), by a judge (Step-KTO), or known.

Simulated labels are kept with their counts, a judge's with its reasons, and the oracle's are
the task's own truth. With `prefix_and` a step also counts as wrong after a wrong one.

Rollouts that end right can be kept as solutions (`keep_rollouts`). They come after `dedup`, and
only right ones are worth keeping, so they are neither samples nor paths of the iteration, whose
rates would be wrong with them; they have a table of their own, which `pair` makes rows of.
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
from stages.engines.engine import EngineSettings
from stages.engines.sampler import Drawer, RemoteDrawer
from stages.feedback.evidence import NONE, right_samples
from stages.feedback.kept_rollouts import new_paths
from stages.feedback.simulation import SimulationSettings, counted_rows, prefixes, simulate
from stages.feedback.step_judge import JudgeSettings, judged
from stages.grading.grade_frame import GradeSettings
from stages.models.folders import is_empty
from stages.pipeline.digests import digest
from stages.pipeline.stage import now, once, stage
from stages.pipeline.stage_run import Turn


class LabelSettings(SimulationSettings):
    """Section `label`."""

    section: ClassVar[str] = "label"
    by: Literal["rollouts", "judge", "oracle", "none"]
    prefix_and: bool
    paths: int = Field(ge=1)
    per_problem: int = Field(ge=1)
    first: Literal["any", "solved"]


def choose_paths(paths: pl.DataFrame, settings: LabelSettings) -> pl.DataFrame:
    """Which paths are labelled: right and wrong ones by turns, problems in an order by digest.

    With first=solved, problems with paths of both outcomes come first, then those that are always
    solved: what training rows are made of. An unsolved problem's paths have no right one beside.
    """
    right, wrong = pl.col("correct").any(), (~pl.col("correct")).any()
    merit = right.cast(pl.Int8) + (right & wrong).cast(pl.Int8)
    return (
        paths.filter("kept")
        .with_columns(
            pl.col("path_id").map_elements(_shuffled, pl.String).alias("order"),
            pl.col("problem_id").map_elements(_shuffled, pl.String).alias("turn"),
            merit=merit.over("problem_id") if settings.first == "solved" else pl.lit(0),
        )
        .sort("order")
        .with_columns(rank=pl.col("path_id").cum_count().over("problem_id", "correct"))
        .sort("rank", "correct", "order")
        .with_columns(place=pl.col("path_id").cum_count().over("problem_id"))
        .filter(pl.col("place") <= settings.per_problem)
        .sort("merit", "turn", "place", descending=[True, False, False])
        .head(settings.paths)
        .select(paths.columns)
    )


def _shuffled(name: str) -> str:
    return digest("label", name)


def checkable(paths: pl.DataFrame) -> pl.DataFrame:
    """The paths whose steps the task has checked. Raises RatchetError when there are none."""
    checked = paths.filter(pl.col("truth").is_not_null())
    if checked.is_empty():
        raise RatchetError(
            "label.by=oracle needs a task that can check its steps, such as task=toy"
        )
    return checked


def known_rows(paths: pl.DataFrame) -> pl.DataFrame:
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


def right_so_far(labels: pl.DataFrame) -> pl.DataFrame:
    """The labels, each right only if those of all earlier steps are; counts stay as they are."""
    lowest = pl.col("label").cast(pl.Int8).cum_min().over("path_id", order_by="step")
    return labels.with_columns(label=lowest.cast(pl.Boolean))


def simulated(
    drawer: Drawer,
    chosen: pl.DataFrame,
    paths: pl.DataFrame,
    problems: pl.DataFrame,
    samples: list[Path],
    settings: LabelSettings,
    grade: GradeSettings,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows of `step_labels`, rows of `rollouts`) of the chosen paths."""
    outcomes = NONE
    if settings.evidence in ("outcome", "both"):
        outcomes = right_samples(paths, samples, problems, drawer, settings.sampling)
    steps = prefixes(chosen, problems)
    counts, right = simulate(drawer, steps, settings, grade, outcomes)
    return counted_rows(steps, counts, settings), new_paths(right, paths)


@stage(
    reads={"problems": once(Problems), "samples": now(Samples).as_files(), "paths": now(Paths)},
    models={"policy": "previous", "simulator": "simulator"},
    writes=[now(StepLabels), now(Rollouts), now(Rejects)],
    sections=[LabelSettings, JudgeSettings, EngineSettings, GradeSettings, ComputeSettings],
)
def label(
    problems: pl.DataFrame,
    samples: list[Path],
    paths: pl.DataFrame,
    policy: Path,
    simulator: Path,
    label: LabelSettings,
    judge: JudgeSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    turn: Turn,
) -> dict[str, pl.DataFrame]:
    """Labels the steps of a part of the paths."""
    rejects: pl.DataFrame = Rejects.create_empty()
    rollouts: pl.DataFrame = Rollouts.create_empty()
    labels: pl.DataFrame = StepLabels.create_empty()
    if label.by == "none" or paths.is_empty():
        return {"step_labels": labels, "rollouts": rollouts, "rejects": rejects}
    chosen = choose_paths(checkable(paths) if label.by == "oracle" else paths, label)
    if label.by == "oracle":
        labels = known_rows(chosen)
    elif label.by == "judge":
        labels, rejects = judged(RemoteDrawer(judge, turn), chosen, problems, judge)
    else:
        drawer = Drawer(policy if is_empty(simulator) else simulator, engine, compute, turn)
        labels, rollouts = simulated(drawer, chosen, paths, problems, samples, label, grade)
    labels = right_so_far(labels) if label.prefix_and else labels
    return {"step_labels": labels, "rollouts": rollouts, "rejects": rejects}


if __name__ == "__main__":
    label.main()
