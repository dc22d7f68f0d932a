"""verifier: trains the process reward model on the labelled steps (SIPF Eq. 3-4)."""

from pathlib import Path
from typing import ClassVar, Literal

import polars as pl

from schemas.losses import Losses
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.step_labels import StepLabels
from schemas.table import RatchetError
from stages.compute import ComputeSettings, quiet_datasets, set_up
from stages.models import ModelSettings, mark_empty, need_model, starting_point
from stages.objectives.training import TrainingSettings
from stages.stage import Turn, now, once, stage


class VerifierSettings(TrainingSettings):
    """Section `verifier`."""

    section: ClassVar[str] = "verifier"
    by: Literal["prm", "none"]
    start: Literal["base", "sft", "previous"]


def training_rows(
    paths: pl.DataFrame, step_labels: pl.DataFrame, problems: pl.DataFrame
) -> pl.DataFrame:
    """One row per labelled path: path_id, prompt, steps, labels in the order of the steps."""
    labels = (
        step_labels.sort("path_id", "step")
        .group_by("path_id", maintain_order=True)
        .agg(labels=pl.col("label").cast(pl.Float64))
    )
    return (
        labels.join(paths.select("path_id", "problem_id", "steps"), on="path_id")
        .join(problems.select("problem_id", "prompt"), on="problem_id")
        .sort("path_id")
    )


@stage(
    reads={
        "problems": once(Problems),
        "paths": now(Paths),
        "step_labels": now(StepLabels),
    },
    models={"base": "base", "first": "sft", "previous": "previous"},
    makes="verifier",
    writes=[now(Losses)],
    sections=[VerifierSettings, ModelSettings, ComputeSettings],
)
def verifier(
    problems: pl.DataFrame,
    paths: pl.DataFrame,
    step_labels: pl.DataFrame,
    base: Path,
    first: Path,
    previous: Path,
    verifier: VerifierSettings,
    model: ModelSettings,
    compute: ComputeSettings,
    turn: Turn,
    out: Path,
) -> pl.DataFrame:
    """Makes models/verifier/iteration=K."""
    if verifier.by == "none":
        mark_empty(out)
        return Losses.create_empty()
    rows = training_rows(paths, step_labels, problems)
    if rows.is_empty():
        raise RatchetError(
            "no step is labelled, so there is nothing to train the verifier on: "
            "set label.by=rollouts, or verifier.by=none with pair.by=outcome"
        )
    from stages.objectives.prm import train_prm

    start = starting_point(verifier.start, model, base, first, previous)
    set_up(compute, turn.seed)
    quiet_datasets()
    return train_prm(need_model(start), rows, verifier, turn, out)


if __name__ == "__main__":
    verifier.main()
