"""samples: what a model wrote."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table

STRATEGIES = [
    "unguided",
    "brute_force",
    "answer",
    "rationale",
    "interactive",
    "state_reset",
    "adaptive",
    "gold",
    "imported",
]


class Samples(Table):
    """One row per completion drawn."""

    noun = "samples"
    partitions = ("iteration", "stage")
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    stage = dy.String(primary_key=True)
    sample_id = dy.String(primary_key=True)
    problem_id = dy.String()
    strategy = dy.Enum(STRATEGIES)
    attempt = dy.Int32(min=0, description="round of drawing, from 0")
    draw = dy.Int32(min=0, description="index among the draws of one problem")
    hint = dy.String(nullable=True, description="shown in the prompt, or as the start of the text")
    revealed = dy.Float32(min=0, max=1, description="share of the rationale that the hint showed")
    text = dy.String()
    n_tokens = dy.Int32(min=0)
    logprob = dy.Float64(nullable=True, description="sum over the text's tokens, nats")
    finish = dy.Enum(
        ["stop", "length", "refused", "imported"],
        description="length: cut off, or empty because the prompt left no room for a token",
    )
    seed = dy.Int64(min=0)
    engine = dy.String(description="name and version")
    model_digest = dy.String()
    prompt_digest = dy.String()
    parent = dy.String(nullable=True, description="the sample this one revises")
    recorded_correct = dy.Bool(nullable=True, description="the verdict of an import's source")

    @dy.rule()
    def hint_and_revealed_agree(cls) -> pl.Expr:
        return pl.col("hint").is_not_null() | (pl.col("revealed") == 0)
