"""simulator: the stronger model that finishes steps (SIPF §3.2 uses one of 7B parameters).

`model.simulator` says which: the policy itself (nothing is made here), a folder or id, one trained
here on more problems of the task than the policy ever sees, or one behind a server, such as a
large model that `vllm serve` runs elsewhere, of which only the address is kept.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import polars as pl
from pydantic import Field

from schemas.losses import Losses
from schemas.problems import Problems
from schemas.sources import Sources
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.models.completion_server import SimulatorServerSettings, write_server
from stages.models.folders import mark_empty
from stages.models.model_settings import POLICY, SERVER, TRAINED, Architecture, ModelSettings
from stages.models.model_source import fetch
from stages.models.prompt_form import PromptSettings
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


class SimulatorSettings(TrainingSettings, Architecture, PromptSettings):
    """Section `simulator`: how one is trained, if model.simulator is trained."""

    section: ClassVar[str] = "simulator"
    n_per_level: int = Field(ge=1, description="of each level; the policy sees none of them")


def training_examples(
    task: TaskSettings, count: int, seed: int, problems: pl.DataFrame
) -> pl.DataFrame:
    """Rows to imitate from further problems of the task; the run's own problems are left out."""
    frame = further_problems(
        task,
        count,
        seed,
        problems,
        "model.simulator=trained",
        "set model.simulator to a folder or id, or to policy",
    )
    return frame.select(
        example_id=pl.format("simulator-{}", pl.int_range(pl.len())),
        prompt="prompt",
        completion=pl.col("steps").list.join(""),
    )


@stage(
    writes=[once(Losses), once(Sources)],
    opens=["model.simulator", "simulator.examples", "compute.launch"],
)
def simulator(
    problems: Once[Problems],
    model: ModelSettings,
    simulator: SimulatorSettings,
    simulator_server: SimulatorServerSettings,
    trainer: TrainerSettings,
    task: TaskSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    out: Made.simulator,
) -> dict[str, pl.DataFrame]:
    """Makes or fetches models/simulator."""
    made: dict[str, pl.DataFrame] = {t.noun: t.create_empty() for t in (Losses, Sources)}
    if model.simulator == POLICY:
        mark_empty(out, "model.simulator is policy: each iteration's model simulates")
    elif model.simulator == SERVER:
        write_server(out, simulator_server)
        simulator.form(worked_examples(simulator, problems)).write(out)
    elif model.simulator != TRAINED:
        revision = model.simulator_revision
        made["sources"] = fetch(model.simulator, "model.simulator", out, revision)
        simulator.form(worked_examples(simulator, problems)).write(out)
        Encoder.load(out)  # raises if the model can't be asked in this form
    else:
        examples = training_examples(task, simulator.n_per_level, stage_run.seed, problems)
        set_up(compute, stage_run.seed)
        with TemporaryDirectory() as folder:
            start = Path(folder)
            texts = [*examples["prompt"], *examples["completion"]]
            make_scratch(simulator, texts, stage_run.seed, start)
            job = Job(start, out, stage_run, simulator, trainer, None)
            made["losses"] = run_training(train_sft, job, Rows(examples=examples), compute)
    return made


if __name__ == "__main__":
    simulator.main()
