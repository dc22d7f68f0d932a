"""costs: what each stage took. A measurement: two equal runs differ in it, and in it alone.

So it lies under measured/, apart from data/; its counts too say what was done this time, which
is less where a killed run goes on.
"""

import dataframely as dy

from schemas.table import Table


class Costs(Table):
    """One row per stage and iteration, as measured when the stage ran."""

    noun = "costs"
    root = "measured"
    partitions = ("iteration", "stage")

    iteration = dy.Int16(primary_key=True, min=0)
    stage = dy.String(primary_key=True)
    elapsed_s = dy.Float64(min=0)
    cpu_s = dy.Float64(min=0)
    peak_memory_mb = dy.Float64(min=0)
    n_draws = dy.Int64(min=0, description="completions drawn from a model now")
    n_draws_reused = dy.Int64(min=0, description="completions found in the generation ledger")
    n_tokens = dy.Int64(min=0, description="tokens of the completions drawn now")
    n_optimiser_steps = dy.Int64(min=0)
