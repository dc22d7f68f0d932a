"""rollouts: solutions that came of labelling."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Rollouts(Table):
    """One row per new reasoning path that a right rollout made (`label.keep_rollouts=right`).

    They are no samples: only right ones are here, so they enter no solve rate. `pair` takes them
    for right paths of their iteration, without step labels or reward.
    """

    noun = "rollouts"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths", "problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    rollout_id = dy.String(primary_key=True)
    problem_id = dy.String()
    path_id = dy.String(description="a labelled path whose beginning it goes on from")
    step = dy.Int16(min=0, description="index of the last step that it has from there")
    prefix = dy.String(min_length=1, description="those steps, joined")
    text = dy.String(description="the whole solution: prefix and continuation")
    fingerprint = dy.String(description="as in paths, where no path of the problem has it")
    extracted = dy.String(description="the answer found in the text")
    grader = dy.String(description="version of the grader")
    draw = dy.Int32(min=0, description="index among the rollouts of the prefix")
    n_tokens = dy.Int32(min=0, description="of the continuation, as is the log-probability")
    logprob = dy.Float64(nullable=True, description="sum over the tokens, nats")
    finish = dy.Enum(["stop", "length"])
    seed = dy.Int64(min=0)
    engine = dy.String(description="name and version")
    model_digest = dy.String()
    prompt_digest = dy.String(description="of the prompt with the prefix")

    @dy.rule()
    def text_begins_with_the_prefix(cls) -> pl.Expr:
        return pl.col("text").str.starts_with(pl.col("prefix"))
