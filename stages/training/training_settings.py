"""Settings of training: the optimiser's, the trainer's, and section `align`."""

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
