"""Section `align`: which objective, from where, with which coefficients."""

from typing import ClassVar, Literal

from pydantic import Field

from stages.objectives.training import TrainingSettings


class AlignSettings(TrainingSettings):
    """Section `align`. Each objective reads its own coefficients and leaves the others alone."""

    section: ClassVar[str] = "align"
    objective: Literal[
        "sft", "dpo", "rpo", "ipo", "simpo", "orpo", "kto", "step_kto", "step_dpo", "none"
    ]
    start: Literal["base", "sft", "previous"]
    rate_scale: float = Field(gt=0)
    beta: float = Field(gt=0)
    nll: float = Field(ge=0)
    gamma: float = Field(ge=0)
    desirable: float = Field(ge=0)
    undesirable: float = Field(ge=0)
    step_beta: float = Field(gt=0)
    step_desirable: float = Field(ge=0)
    step_undesirable: float = Field(ge=0)
