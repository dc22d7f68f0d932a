"""verifier: trains a reward model on steps (SIPF §2.3, Eq. 3-4): process or outcome."""

from typing import ClassVar, Literal

import polars as pl

from schemas.errors import RatchetError
from schemas.losses import Losses
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.step_labels import StepLabels
from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import mark_empty, require_model
from stages.models.model_settings import POLICY, SIMULATOR, ModelSettings
from stages.objectives.reward_model import train_verifier
from stages.pipeline.inputs import Made, Model, Now, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.training.job import Job
from stages.training.launch import run_training
from stages.training.training_settings import TrainerSettings, TrainingSettings


class VerifierSettings(TrainingSettings):
    """Section `verifier`. prm: each step's label; orm: the path's outcome at each step."""

    section: ClassVar[str] = "verifier"
    kind: Literal["prm", "orm", "none"]


def verifier_rows(
    paths: pl.DataFrame, step_labels: pl.DataFrame, problems: pl.DataFrame, kind: str
) -> pl.DataFrame:
    """One row per path: path_id, prompt, steps, labels in the order of the steps.

    Both kinds learn from the labelled paths, so that they can be compared; an outcome reward
    model, which needs no label, learns from all kept paths where none is labelled.
    """
    labels = (
        step_labels.sort("path_id", "step")
        .group_by("path_id", maintain_order=True)
        .agg(labels=pl.col("label").cast(pl.Float64))
    )
    known = paths.select("path_id", "problem_id", "steps", "correct", "kept")
    if kind == "orm":
        outcome = pl.col("correct").cast(pl.Float64)
        known = known.with_columns(labels=outcome.repeat_by(pl.col("steps").list.len()))
        known = (
            known.filter("kept")
            if labels.is_empty()
            else known.join(labels, on="path_id", how="semi")
        )
    else:
        known = known.join(labels, on="path_id")
    return (
        known.filter(pl.col("steps").list.len() > 0)
        .join(problems.select("problem_id", "prompt"), on="problem_id")
        .select("path_id", "prompt", "steps", "labels")
        .sort("path_id")
    )


@stage(writes=[now(Losses)], opens=["compute.launch"])
def verifier(
    problems: Once[Problems],
    paths: Now[Paths],
    step_labels: Now[StepLabels],
    base: Model.base,
    first: Model.sft,
    previous: Model.previous,
    simulator: Model.simulator,
    fetched: Model.verifier_start,
    verifier: VerifierSettings,
    model: ModelSettings,
    trainer: TrainerSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    out: Made.verifier,
) -> pl.DataFrame:
    """Trains models/verifier/iteration=K."""
    if verifier.kind == "none":
        mark_empty(out, "verifier.kind is none: nothing is verified in this run")
        return Losses.create_empty()
    rows = verifier_rows(paths, step_labels, problems, verifier.kind)
    if rows.is_empty():
        raise RatchetError(
            "no step is labelled, so there is nothing to train the verifier on: "
            "set label.method=rollouts, or verifier.kind=none with pair.feedback=outcome"
        )
    own = {POLICY: previous, SIMULATOR: simulator, "base": base, "sft": first}
    start = require_model(own.get(model.verifier, fetched))
    job = Job(start, out, stage_run, verifier, trainer, model.adapter)
    return run_training(train_verifier, job, rows, compute)


if __name__ == "__main__":
    verifier.main()
