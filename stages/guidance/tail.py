"""The tail: problems that an iteration rarely solves (GSI §6.1). Defines section `guide`."""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from stages.pipeline.params import Section


class GuideSettings(Section):
    """Section `guide`."""

    section: ClassVar[str] = "guide"
    strategy: Literal[
        "none",
        "brute_force",
        "answer",
        "rationale",
        "interactive",
        "state_reset",
        "adaptive",
        "gold",
    ]
    tail_below: float = Field(gt=0, le=1)
    max_attempts: int = Field(ge=1)
    restart: bool
    aim: float = Field(gt=0, le=1)
    temperature: float = Field(gt=0)
    top_p: float = Field(gt=0, le=1)
    max_tokens: int = Field(ge=1)


def in_tail(solve_rate: str, below: float) -> pl.Expr:
    """Whether a problem of this solve rate (a column's name; null: never drawn) is in the tail."""
    return pl.col(solve_rate).fill_null(0.0) < below
