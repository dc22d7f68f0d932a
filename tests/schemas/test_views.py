"""schemas/views.sql against the tables it reads, computed again in plain Python."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas import store, views
from schemas.catalog import TABLE_OF_NOUN, TABLES
from schemas.errors import RatchetError
from schemas.table import Table
from stages.contract.tables_page import table_views
from tests.fakes import plain_views
from tests.fakes.plain_views import DERIVED


@pytest.fixture(scope="module")
def bare(run: Path) -> Any:
    """The views as the script alone makes them."""
    connection = duckdb.connect()
    connection.execute(table_views() + views.DERIVED.read_text())
    return connection


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.noun)
def test_each_table_is_a_view_with_its_columns_types_and_rows(
    bare: Any, table: type[Table]
) -> None:
    described = bare.execute(f"describe {table.noun}").fetchall()
    wanted = [(name, SQL_TYPES[str(kind)]) for name, kind in _kinds(table).items()]
    assert [(name, kind) for name, kind, *_ in described] == wanted
    if list(store.folder(table).rglob("part.parquet")):
        (n,) = bare.execute(f"select count(*) from {table.noun}").fetchone()
        assert n == store.read(table).height


def _kinds(table: type[Table]) -> dict[str, str]:
    kinds = table.polars_schema().items()
    return {name: "String" if isinstance(kind, pl.Enum) else str(kind) for name, kind in kinds}


SQL_TYPES = {
    "Boolean": "BOOLEAN",
    "Int16": "SMALLINT",
    "Int32": "INTEGER",
    "Int64": "BIGINT",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "String": "VARCHAR",
    "List(String)": "VARCHAR[]",
    "List(Boolean)": "BOOLEAN[]",
}


def test_the_script_makes_the_tables_and_the_derived_views(bare: Any) -> None:
    assert views.view_names(bare) == sorted([*TABLE_OF_NOUN, *DERIVED])


@pytest.mark.parametrize("name", [*TABLE_OF_NOUN, *DERIVED])
def test_python_sees_what_the_script_alone_sees(bare: Any, connected: Any, name: str) -> None:
    query = f"from {name} order by all"
    assert connected.execute(query).fetchall() == bare.execute(query).fetchall()


@pytest.mark.parametrize("name", DERIVED)
def test_derived_view_equals_plain_python(bare: Any, name: str) -> None:
    wanted = sorted(getattr(plain_views, name)(), key=repr)
    found = sorted(bare.execute(f"from {name}").fetchall(), key=repr)
    assert wanted and len(found) == len(wanted)
    for left, right in zip(found, wanted, strict=True):
        assert left == pytest.approx(right)


def test_a_table_not_made_yet_is_an_empty_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Path, connected: Any
) -> None:
    shutil.copytree(run / "data/problems", tmp_path / "data/problems")
    described = {noun: connected.execute(f"describe {noun}").fetchall() for noun in TABLE_OF_NOUN}
    monkeypatch.chdir(tmp_path)
    connection = views.connect()
    for noun in TABLE_OF_NOUN:
        assert connection.execute(f"describe {noun}").fetchall() == described[noun]
        expected = 40 if noun == "problems" else 0
        assert connection.execute(f"select count(*) from {noun}").fetchone() == (expected,)
    for name in DERIVED:
        assert connection.execute(f"from {name}").fetchall() == []


def test_later_iterations_can_be_hidden(run: Path) -> None:
    hidden = views.connect(until=1)
    for name in ("samples", "accuracy", "training_rows", "verifier_truth", "costs"):
        (last,) = hidden.execute(f"select max(iteration) from {name}").fetchone()
        assert last == 1, name


def test_no_tables_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RatchetError, match="no tables under data/: run `make run` first"):
        views.connect()


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data/settings").mkdir(parents=True)
    Path("data/settings/part.parquet").write_text("not parquet")
    with pytest.raises(RatchetError, match=r"view settings: .*data/settings/part\.parquet"):
        views.connect()
