"""The row of `progress`: what it counts, and that its lineage follows every table it reads."""

from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.corrections import Corrections
from schemas.coverage import Coverage
from schemas.evaluations import Evaluations
from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.progress import Progress
from schemas.samples import Samples
from schemas.step_labels import StepLabels
from schemas.table import Table
from schemas.verdicts import Verdicts
from stages.stats import stats
from tests.conftest import guide_settings
from tests.planted import plant

READ: dict[str, type[Table]] = {
    "samples": Samples,
    "verdicts": Verdicts,
    "paths": Paths,
    "step_labels": StepLabels,
    "corrections": Corrections,
    "pairs": Pairs,
    "examples": Examples,
}


def row(**changes: pl.DataFrame) -> dict[str, object]:
    """The row of iteration 1 of the planted run, with these tables in place of its own."""
    made = stats(
        problems=store.read(Problems),
        **{name: store.read(table, iteration=1) for name, table in READ.items()} | changes,
        old_coverage=Coverage.create_empty(),
        old_progress=store.read(Progress, iteration=0),
        old_evaluations=store.read(Evaluations, iteration=0),
        guide=guide_settings(),
    )
    valid = store.validate(made["progress"].with_columns(iteration=1), Progress, "test")
    return valid.row(0, named=True)


def test_progress_counts_and_its_lineage_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, iterations=1)
    monkeypatch.chdir(tmp_path)
    counted = row()
    planted = store.read(Progress, iteration=1).row(0, named=True)
    for name in ("n_draws", "n_paths", "n_steps_labelled", "n_corrections", "n_pairs"):
        assert counted[name] == planted[name] > 0
    for name, table in READ.items():
        fewer = store.read(table, iteration=1)[:-1]
        assert row(**{name: fewer})["lineage"] != counted["lineage"], name
    tried = store.read(Corrections, iteration=1)
    unfound = tried.with_columns(correction=pl.lit(None, pl.String))
    assert row(corrections=unfound)["n_corrections"] == 0 < tried.height
