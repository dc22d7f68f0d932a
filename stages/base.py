"""base: the model M that everything starts from, as a checkpoint folder.

Either a small model made here, or a copy of a Hugging Face folder or id, so that the run holds all
that it depends on. The folder also says how the model is asked. Weights from elsewhere that
verifiers start from (SIPF §3.2) are fetched here too, once for all iterations.

One made here has random weights, or is pretrained (section `base`) as the papers' M is: on texts
that each have one problem's question and the solution of another. They teach the language of
problems and the form and arithmetic of steps, and nothing of which steps a problem asks for.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import polars as pl
from pydantic import Field

from schemas.errors import RatchetError
from schemas.losses import Losses
from schemas.problems import Problems
from schemas.sources import Sources
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.models.folders import is_empty, mark_empty
from stages.models.model_settings import (
    OWN_STARTS,
    ModelSettings,
    PretrainedSettings,
    ScratchSettings,
)
from stages.models.model_source import fetch
from stages.models.scratch import make_scratch
from stages.models.tokens import Encoder
from stages.objectives.sft import train_sft
from stages.pipeline.inputs import Made, Once, once
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.tasks.further_problems import further_problems
from stages.tasks.task import TaskSettings
from stages.tasks.worked_examples import worked_examples
from stages.training.job import Job
from stages.training.launch import run_training
from stages.training.rows import Rows
from stages.training.training_settings import TrainerSettings, TrainingSettings


class BaseSettings(TrainingSettings):
    """Section `base`: how M is pretrained, if model.kind is scratch."""

    section: ClassVar[str] = "base"
    n_per_level: int = Field(ge=0, description="texts, of problems the run has not; 0: none")


def seen_texts(problems: pl.DataFrame) -> list[str]:
    """The texts that the tokenizer is trained on: training prompts and demonstrated rationales."""
    train = problems.filter(pl.col("split") == "train")
    gold = train.filter("demonstrated")["rationale"].list.join("")
    return [*train["prompt"], *gold]


def pretraining_examples(
    task: TaskSettings, count: int, seed: int, problems: pl.DataFrame
) -> pl.DataFrame:
    """Rows to imitate whole: each further problem's prompt, then the steps of another one.

    Raises RatchetError if the task makes fewer than two of them.
    """
    setting, instead = f"base.n_per_level={count}", "set base.n_per_level to 0"
    frame = further_problems(task, count, seed, problems, setting, instead)
    if frame.height < 2:
        raise RatchetError(f"{setting} leaves fewer than two texts: set it higher")
    order = frame.sample(fraction=1.0, shuffle=True, seed=seed)  # each takes the next one's steps
    steps = pl.concat([order[1:], order[:1]])["steps"].list.join("")
    return order.select(
        example_id=pl.format("base-{}", pl.int_range(pl.len())),
        prompt=pl.lit(""),
        completion=order["prompt"] + steps,
    )


@stage(
    writes=[once(Losses), once(Sources)],
    opens=["model.source", "model.verifier", "model.examples", "compute.launch"],
)
def base(
    problems: Once[Problems],
    model: ModelSettings,
    base: BaseSettings,
    trainer: TrainerSettings,
    task: TaskSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    out: Made.base,
    verifier_start: Made.verifier_start,
) -> dict[str, pl.DataFrame]:
    """Makes or fetches the model M as models/base, and the weights that verifiers start from."""
    losses: pl.DataFrame = Losses.create_empty()
    read: list[pl.DataFrame] = [Sources.create_empty()]
    if isinstance(model, ScratchSettings):
        set_up(compute, stage_run.seed)
        if base.n_per_level:
            rows = pretraining_examples(task, base.n_per_level, stage_run.seed, problems)
            with TemporaryDirectory() as folder:
                start = Path(folder)
                make_scratch(model, rows["completion"], stage_run.seed, start)
                whole = trainer.model_copy(update={"dev_share": 0.0})  # it holds prompts out
                job = Job(start, out, stage_run, base, whole, None)
                losses = run_training(train_sft, job, Rows(examples=rows), compute)
        else:
            make_scratch(model, seen_texts(problems), stage_run.seed, out)
    elif isinstance(model, PretrainedSettings):
        read.append(fetch(model.source, "model.source", out, model.revision))
    else:
        mark_empty(out, "model.kind is none: nothing is trained in this run")
    model.form(worked_examples(model, problems)).write(out)
    if not is_empty(out):
        Encoder.load(out)  # raises if the model can't be asked in this form
    if model.verifier in OWN_STARTS:
        mark_empty(verifier_start, f"model.verifier is {model.verifier}, a model of the run")
    else:
        fetched = fetch(model.verifier, "model.verifier", verifier_start, model.verifier_revision)
        read.append(fetched)
    return {"losses": losses, "sources": pl.concat(read)}


if __name__ == "__main__":
    base.main()
