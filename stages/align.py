"""align: M_k, the model trained on this iteration's rows (SIPF Algorithm 1)."""

import shutil
from pathlib import Path
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.examples import Examples
from schemas.losses import Losses
from schemas.pairs import Pairs
from schemas.table import RatchetError
from stages.compute import ComputeSettings, quiet_datasets, set_up
from stages.models import ModelSettings, need_model, starting_point
from stages.objectives.training import TrainingSettings
from stages.stage import Turn, now, stage


class AlignSettings(TrainingSettings):
    """Section `align`."""

    section: ClassVar[str] = "align"
    objective: Literal["orpo", "sft", "none"]
    start: Literal["base", "sft", "previous"]
    beta: float = Field(gt=0)


@stage(
    reads={"pairs": now(Pairs), "examples": now(Examples)},
    models={"base": "base", "first": "sft", "previous": "previous"},
    makes="now",
    writes=[now(Losses)],
    sections=[AlignSettings, ModelSettings, ComputeSettings],
)
def align(
    pairs: pl.DataFrame,
    examples: pl.DataFrame,
    base: Path,
    first: Path,
    previous: Path,
    align: AlignSettings,
    model: ModelSettings,
    compute: ComputeSettings,
    turn: Turn,
    out: Path,
) -> pl.DataFrame:
    """Makes models/iteration=K."""
    start = starting_point(align.start, model, base, first, previous)
    if align.objective == "none":
        shutil.copytree(start, out, dirs_exist_ok=True)
        return Losses.create_empty()
    need_model(start)
    if align.objective == "orpo" and pairs.is_empty():
        raise RatchetError("align.objective=orpo needs pairs: set pair.by and pair.rows=pairs")
    if align.objective == "sft" and examples.is_empty():
        raise RatchetError("align.objective=sft needs examples: set pair.rows=examples or gold")
    set_up(compute, turn.seed)
    quiet_datasets()
    if align.objective == "orpo":
        from stages.objectives.orpo import train_orpo

        return train_orpo(start, pairs, examples, align, align.beta, turn, out)
    from stages.objectives.sft import train_sft

    return train_sft(start, examples, align, turn, out)


if __name__ == "__main__":
    align.main()
