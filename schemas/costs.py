"""costs: what each stage used, when and where it ran. Two equal runs differ in this table alone.

It is a measurement, so it is kept in measured/ instead of data/. Its counts are of this execution
only: a stage that resumes after a kill counts less.
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
    n_draws = dy.Int64(min=0, description="completions drawn from a model in this execution")
    n_draws_reused = dy.Int64(min=0, description="completions found in the generation ledger")
    n_tokens = dy.Int64(min=0, description="tokens of the completions drawn in this execution")
    n_optimiser_steps = dy.Int64(min=0)
    n_trained_tokens = dy.Int64(
        min=0, description="tokens read with gradients: prompts, completions, both sides of pairs"
    )
    ended_at = dy.String(nullable=True, description="time in UTC, as 2026-11-28T13:46:24Z")
    commit = dy.String(nullable=True, description="of the code; with + if it was changed since")
    versions = dy.String(nullable=True, description="of Python and the main packages")
    machine = dy.String(nullable=True, description="processor, cores, memory, GPUs")
