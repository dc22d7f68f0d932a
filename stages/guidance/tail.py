"""The tail: problems that an iteration rarely solves (GSI §6.1). Defines section `guide`."""

from typing import Annotated, ClassVar

import polars as pl
from pydantic import Field

from stages.models.sampling import SamplingSettings
from stages.pipeline.params import one_of

# each is a module of stages/guidance/strategies
STRATEGIES = (
    "brute_force", "answer", "rationale", "interactive", "state_reset", "adaptive", "gold"
)  # fmt: skip


class GuideSettings(SamplingSettings):
    """Section `guide`."""

    section: ClassVar[str] = "guide"
    strategy: Annotated[str, one_of(*STRATEGIES, "none")]
    tail_below: float = Field(gt=0, le=1)
    max_attempts: int = Field(ge=1)
    restart: bool
    aim: float = Field(gt=0, le=1)


def in_tail(solve_rate: str, below: float) -> pl.Expr:
    """Whether a problem of this solve rate (a column's name; null: never drawn) is in the tail."""
    return pl.col(solve_rate).fill_null(0.0) < below
