"""rollouts: new solutions found while labelling."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Rollouts(Table):
    """One row per new reasoning path that a right rollout found (`label.keep_rollouts=right`).

    They are not samples: only right ones are kept, so they count in no solve rate. `pair` uses them
    as right paths, without step labels or reward. They stay as long as the path that they continue.
    """

    noun = "rollouts"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths", "problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    rollout_id = dy.String(primary_key=True)
    problem_id = dy.String()
    made_in = dy.Int16(min=1, description="iteration that drew it")
    path_id = dy.String(description="the labelled path whose beginning it continues")
    step = dy.Int16(min=0, description="index of the last step taken from that path")
    prefix = dy.String(min_length=1, description="those steps, joined")
    text = dy.String(description="the whole solution: prefix and continuation")
    fingerprint = dy.String(description="as in paths; no path of the problem has the same")
    extracted = dy.String(description="the answer found in the text")
    grader = dy.String(description="version of the grader")
    draw = dy.Int32(min=0, description="index among the rollouts of the prefix")
    n_tokens = dy.Int32(min=0, description="of the continuation alone")
    logprob = dy.Float64(nullable=True, description="sum over the tokens of the continuation, nats")
    finish = dy.Enum(["stop", "length"])
    seed = dy.Int64(min=0)
    engine = dy.String(description="name and version")
    model_digest = dy.String()
    prompt_digest = dy.String(description="of the prompt with the prefix")

    @dy.rule()
    def text_begins_with_the_prefix(cls) -> pl.Expr:
        return pl.col("text").str.starts_with(pl.col("prefix"))
