"""The stage `stats` on a planted run: its lineage follows every table that it reads."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.catalog import TABLE_OF_NOUN
from schemas.corrections import Corrections
from schemas.coverage import Coverage
from schemas.errors import RatchetError
from schemas.narrowing import Narrowing
from schemas.paths import Paths
from schemas.progress import Progress
from schemas.samples import Samples
from schemas.solve_rates import SolveRates
from schemas.strategies import Strategies
from schemas.table import Table
from stages.contract.dvc_files import params
from stages.stats import stats
from tests.fakes.fake_run import plant

READ = [
    "samples", "verdicts", "paths", "perplexities", "step_labels", "corrections", "pairs",
    "examples",
]  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one turn of the loop, and all its parameters."""
    root = tmp_path_factory.mktemp("planted")
    plant(root, iterations=1)
    (root / "params.yaml").write_text(params())
    return root


@pytest.fixture
def run(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to run the stage in."""
    shutil.copytree(planted, tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    return tmp_path / "run"


def progress() -> dict[str, object]:
    """The row of iteration 1 as the stage makes it from what lies on disk."""
    stats.run(1)
    return store.read(Progress, iteration=1).row(0, named=True)


def test_progress_counts_what_was_planted(run: Path) -> None:
    planted = store.read(Progress, iteration=1).row(0, named=True)
    counted = progress()
    for name in ("n_draws", "n_tokens", "n_paths", "n_steps_labelled", "n_rollouts", "n_pairs"):
        assert counted[name] == planted[name] > 0
    tried = store.read(Corrections, iteration=1)
    assert counted["n_corrections"] == planted["n_corrections"] > 0
    unfound = tried.with_columns(
        correction=pl.lit(None, pl.String), correction_ends=pl.lit(None, pl.Boolean)
    )
    store.write(unfound.drop("iteration"), Corrections, iteration=1)
    assert progress()["n_corrections"] == 0 < tried.height


@pytest.mark.parametrize("noun", [*READ, "evaluations"])
def test_the_lineage_follows(run: Path, noun: str) -> None:
    counted = progress()
    (file, *_) = store.files(TABLE_OF_NOUN[noun], iteration=int(noun in READ))
    store.write_parquet(pl.read_parquet(file, hive_partitioning=False)[:-1], file)
    changed = progress()
    assert changed["lineage"] != counted["lineage"]


def test_the_lineage_is_of_the_content_whatever_the_order_of_rows(run: Path) -> None:
    counted = progress()
    for table, partition in ((Samples, {"stage": "sample"}), (Paths, {})):
        frame = store.read(table, iteration=1, **partition)
        shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1).drop(table.partitions)
        store.write(shuffled, table, iteration=1, **partition)
    assert progress() == counted


def test_the_lineage_follows_the_iteration_before(run: Path) -> None:
    counted = progress()
    before = store.read(Progress, iteration=0).with_columns(lineage=pl.lit("another"))
    store.write(before.drop("iteration"), Progress, iteration=0)
    assert progress()["lineage"] != counted["lineage"]


@pytest.mark.parametrize("table", [Coverage, SolveRates, Strategies, Narrowing])
def test_the_stage_writes(run: Path, table: type[Table]) -> None:
    stats.run(1)
    assert store.read(table, iteration=1).height > 0


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("not parquet", "samples/.*part.parquet is not readable Parquet"),
        (None, "data/samples/iteration=1 is missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run: Path, broken: str | None, message: str) -> None:
    for file in store.files(Samples, iteration=1):
        file.unlink() if broken is None else file.write_text(broken)
    with pytest.raises(RatchetError, match=message):
        stats.run(1)
