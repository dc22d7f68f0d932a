"""perplexities: how surprising a text is to a model that never changes."""

from typing import ClassVar

import dataframely as dy

from schemas.table import Table


class Perplexities(Table):
    """One row per text measured: a kept right path, or the gold rationale of a problem asked."""

    noun = "perplexities"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    origin = dy.Enum(["gold", "sampled"], primary_key=True)
    text_id = dy.String(
        primary_key=True, description="the path's id; for a gold rationale, the problem's"
    )
    problem_id = dy.String()
    n_tokens = dy.Int32(
        min=1, description="of the part of the text that the model read; without EOS"
    )
    nll_mean = dy.Float64(
        min=0, description="negative log-likelihood per token given the prompt, nats"
    )
