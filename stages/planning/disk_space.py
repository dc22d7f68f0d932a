"""Disk that a run takes: its models, the checkpoints of training, and its tables."""

from __future__ import annotations

from stages.planning.planned_run import Run, StagePlan
from stages.planning.shapes import adapter_parameters, count_parameters, simulator_shape

TABLE_BYTES_PER_TOKEN = 4  # of text in Parquet and once more in the ledger, compressed


def disk_space(run: Run, plans: list[StagePlan]) -> dict[str, float]:
    """Bytes by what takes them. DVC's cache holds the models once more, unless it can link them."""
    p, n_all = run.p, count_parameters(run.shape)
    model = n_all * run.stored_width
    adapter = 4 * adapter_parameters(run.shape, p.model.adapter.rank) if p.model.adapter else 0
    helper = simulator_shape(p.model, p.simulator, run.shape)
    has_helper = p.model.simulator != "policy" and helper is not None
    trained = adapter_parameters(run.shape, p.model.adapter.rank) if p.model.adapter else n_all
    kept = 2 if p.trainer.dev_share else 1
    saves = p.trainer.checkpoint_every is not None
    n_verifiers = p.iteration if p.verifier.kind != "none" else 0
    tokens = sum(plan.work.expected or plan.work.tokens or 0 for plan in plans
                 if plan.work.draws)  # fmt: skip
    return {
        "models/base": model,
        "models/simulator": count_parameters(helper) * 2 if has_helper and helper else 0,
        f"models/iteration=0 to {p.iteration}": (p.iteration + 1) * (model + adapter),
        f"models/verifier, {n_verifiers} of them": n_verifiers * (model + adapter),
        "checkpoints while a model is trained": kept * 12.0 * trained if saves else 0,
        "samples and their ledger, at most": TABLE_BYTES_PER_TOKEN * tokens,
    }
