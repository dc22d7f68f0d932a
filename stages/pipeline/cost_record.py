"""The cost record: what a stage used, when and where, as a row of `costs`."""

import resource
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from schemas import store
from schemas.costs import Costs
from stages.pipeline.provenance import code_commit, machine_name, package_versions


def record_cost(iteration: int, stage: str, counts: Mapping[str, int], elapsed_s: float) -> None:
    """Writes the stage's row; counts may hold what `StageRun.count` names."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    row = {
        "elapsed_s": round(elapsed_s, 3),
        "cpu_s": round(sum(u.ru_utime + u.ru_stime for u in usage), 3),
        "peak_memory_mb": round(max(u.ru_maxrss for u in usage) / unit, 1),
        "n_draws": counts.get("draws", 0),
        "n_draws_reused": counts.get("draws_reused", 0),
        "n_tokens": counts.get("tokens", 0),
        "n_optimiser_steps": counts.get("optimiser_steps", 0),
        "n_trained_tokens": counts.get("trained_tokens", 0),
        "ended_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": code_commit(),
        "versions": package_versions(),
        "machine": machine_name(),
    }
    store.write(pl.DataFrame([row]), Costs, iteration=iteration, stage=stage)
