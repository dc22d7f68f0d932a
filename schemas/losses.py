"""losses: how training went."""

import dataframely as dy

from schemas.table import Table


class Losses(Table):
    """One row per logged optimiser step of a training stage."""

    noun = "losses"
    partitions = ("iteration", "stage")

    iteration = dy.Int16(primary_key=True, min=0)
    stage = dy.String(primary_key=True)
    step = dy.Int32(primary_key=True, min=0)
    loss = dy.Float64(nullable=True, description="null if only the held-out rows were scored")
    dev_loss = dy.Float64(nullable=True, description="mean over the held-out rows")
    learning_rate = dy.Float64(nullable=True)
    grad_norm = dy.Float64(nullable=True)
    logprob_chosen = dy.Float64(nullable=True, description="mean per token, nats (SIPF Figure 3)")
    logprob_rejected = dy.Float64(nullable=True, description="mean per token, nats")
