"""Rollouts from the prefixes of paths: counts, early stopping, shared prefixes."""

from pathlib import Path

import polars as pl
import pytest

from stages.feedback.evidence import NO_EVIDENCE
from stages.feedback.simulation import simulate, step_prefixes, stop_reason
from tests.fakes.planted_paths import GRADE, drawer_of, planted_paths
from tests.fakes.small_settings import label_settings


def counted(run: Path, checkpoint: Path, name: str, **changes: object) -> tuple[pl.DataFrame, int]:
    problems, paths = planted_paths()
    drawer, engine = drawer_of(checkpoint, problems)
    drawer.ledger.folder = run / name
    steps = step_prefixes(paths, problems)
    counts, _ = simulate(drawer, steps, label_settings(**changes), GRADE, NO_EVIDENCE)
    stops = counts.with_columns(stop=stop_reason(label_settings(**changes)))
    return stops.sort("prefix_id"), engine.drawn


@pytest.mark.parametrize("delta", [0, 1, 3, 7])
@pytest.mark.parametrize("rollouts", [4, 8])
def test_early_stopping_gives_the_labels_of_all_rollouts(
    run_folder: Path, checkpoint: Path, delta: int, rollouts: int
) -> None:
    same = {"delta": delta, "max_rollouts": rollouts}
    full, full_draws = counted(run_folder, checkpoint, "full", **same)
    early, early_draws = counted(run_folder, checkpoint, "early", early_stop=True, **same)
    right = full["n_correct"] > delta
    assert (early["n_correct"] > delta).equals(right)
    assert early_draws <= full_draws == full.height * rollouts
    assert full["stop"].unique().to_list() == ["all"]
    stopped = early.filter(pl.col("stop") == "successes")
    assert (stopped["n_correct"] == delta + 1).all()
    lost = early.filter(pl.col("stop") == "out_of_reach")
    assert (lost["n_correct"] + rollouts - lost["n_rollouts"] <= delta).all()
    if delta < rollouts:
        assert early_draws < full_draws


def test_paths_that_begin_alike_share_their_rollouts() -> None:
    problems, paths = planted_paths()
    steps = step_prefixes(paths, problems)
    inner = steps.filter(~pl.col("last"))
    assert inner["prefix_id"].n_unique() * 2 == inner.height
    assert steps.filter("last").height == paths.height
