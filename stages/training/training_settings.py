"""Settings of training: the optimiser's, the trainer's, and section `align`."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from stages.pipeline.params import Section, one_of
from stages.training.budget import Budget
from stages.training.trackers import TRACKERS, missing_packages

# each is a module of stages/objectives
OBJECTIVES = ("sft", "dpo", "rpo", "ipo", "simpo", "orpo", "kto", "step_kto", "step_dpo")


class TrainingSettings(Section):
    """The optimiser's settings, which sections sft, simulator, verifier and align share."""

    epochs: int = Field(ge=1)
    max_steps: int | None = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    schedule: Literal["cosine", "cosine_with_min_lr", "linear", "constant"]
    warmup: float = Field(ge=0)
    weight_decay: float = Field(ge=0)
    max_length: int = Field(ge=8)


def _as_list(value: Any) -> Any:
    """One tracker's name means a list of it."""
    return [value] if isinstance(value, str) else value


class TrainerSettings(Section):
    """Section `trainer`: how every model is trained.

    `report_to`: trackers (`TRACKERS`) that are told of losses and rates while it runs.
    """

    section: ClassVar[str] = "trainer"
    idle: ClassVar[frozenset[str]] = frozenset({"report_to"})
    precision: Literal["auto", "bf16", "fp32"]
    beta2: float = Field(gt=0, lt=1)
    max_grad_norm: float = Field(gt=0)
    accumulate: int = Field(ge=1)
    gradient_checkpointing: bool
    packing: bool
    checkpoint_every: int | None = Field(ge=1)
    dev_share: float = Field(ge=0, lt=1)
    report_to: Annotated[list[Annotated[str, one_of(*TRACKERS)]], BeforeValidator(_as_list)] = (
        Field(default=[])
    )

    @property
    def missing_packages(self) -> str:
        """What must be installed to report, for `pip install`; empty if all is."""
        return " ".join(missing_packages(self.report_to))


class AlignSettings(TrainingSettings):
    """Section `align`. Each objective reads its own coefficients and leaves the others alone.

    `budgets`: of each iteration, in place of epochs, max_steps and batch_size.
    """

    section: ClassVar[str] = "align"
    objective: Annotated[str, one_of(*OBJECTIVES, "none")]
    budgets: list[Budget] | None
    start: Literal["base", "sft", "previous"]
    rate_scale: float = Field(gt=0)
    beta: float = Field(ge=0)
    nll: float = Field(ge=0)
    gamma: float = Field(ge=0)
    desirable: float = Field(ge=0)
    undesirable: float = Field(ge=0)
    step_beta: float = Field(gt=0)
    step_desirable: float = Field(ge=0)
    step_undesirable: float = Field(ge=0)


class SelectSettings(Section):
    """Section `select`: which checkpoint of an iteration's training becomes its model.

    `folder` and `turns` follow from the method: where align writes, and the iterations that have
    the stage.
    """

    section: ClassVar[str] = "select"
    method: Literal["last", "accuracy"]
    n_problems: int = Field(ge=0)
    max_tokens: int = Field(ge=1)
    folder: Literal["models", "models/trained"]
    turns: dict[str, dict[str, int]]

    @property
    def measures(self) -> bool:
        """Whether checkpoints are measured on held-out problems."""
        return self.method == "accuracy"


def step_folder(out: Path, step: int) -> Path:
    """The folder in `out` of the model after so many optimiser steps."""
    return out / f"step={step}"


def saved_steps(out: Path) -> dict[int, Path]:
    """Optimiser steps → folder, for each model that `step_folder` names in `out`, in order."""
    found = {int(folder.name.partition("=")[2]): folder for folder in out.glob("step=*")}
    return dict(sorted(found.items()))
