"""Every query of the pages runs on a planted run, and those in blocks find something."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas import store, views
from schemas.coverage import Coverage
from schemas.progress import Progress
from stages.contract.tables_page import table_views
from stages.explore.sql.select import show_select
from stages.results import queries
from tests.fakes.docs_pages import PAGES, commands, fences
from tests.fakes.fake_run import plant

QUERIES = fences("docs/queries.md", "sql")
BLOCKS = [(page, query) for page in PAGES for query in fences(page, "sql")]
TYPED = [
    (page, word)
    for page in PAGES
    for words in commands(page)
    for word in words[2:]
    if words[:2] == ["ratchet", "sql"] and " " in word
]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A run of three iterations as DuckDB without Python sees it."""
    root = tmp_path_factory.mktemp("planted")
    plant(root, iterations=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        connection = duckdb.connect()
        connection.execute(table_views() + views.DERIVED.read_text())
        yield connection


@pytest.mark.parametrize(("page", "query"), BLOCKS)
def test_every_query_finds_something(bare: Any, page: str, query: str) -> None:
    show_select(bare, query, "csv")
    found = bare.execute(query)
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    assert rows, query
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        assert any(value is not None for value in values), f"{name} is empty in {query}"


@pytest.mark.parametrize("block", fences("data/README.md", "python"))
def test_every_python_block_prints_something(
    bare: Any, capsys: pytest.CaptureFixture[str], block: str
) -> None:
    exec(block, {})
    assert capsys.readouterr().out


@pytest.mark.parametrize(("page", "query"), TYPED)
def test_every_query_on_a_command_line_runs(bare: Any, page: str, query: str) -> None:
    assert bare.execute(query).description


def test_coverage_so_far_is_of_the_problems_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An iteration that draws for one problem of twenty, all but five of them solved before."""
    plant(tmp_path, iterations=1)
    monkeypatch.chdir(tmp_path)
    first, hard = pl.int_range(pl.len()) == 0, pl.int_range(pl.len()) >= 15
    none = {name: pl.when(first).then(name).otherwise(0) for name in ("n_drawn", "n_correct")}
    rate = pl.when(first).then("solve_rate")
    covered = store.read(Coverage, iteration=1).drop("iteration")
    covered = covered.with_columns(**none, solve_rate=rate, solved_ever=~hard)
    store.write(covered, Coverage, iteration=1)
    row = store.read(Progress, iteration=1).drop("iteration")
    store.write(row.with_columns(n_problems=1, n_solved_ever=15), Progress, iteration=1)
    connection = views.connect()
    (turn,) = [row for row in queries.ask(connection, "iterations") if row["iteration"]]
    assert turn["coverage_ever"] == 0.75
    so_far = [query for query in QUERIES if "coverage_so_far" in query]
    assert len(so_far) == 2
    for query in so_far:
        found = connection.execute(f"from ({query.rstrip().rstrip(';')}) where iteration = 1")
        names = [column[0] for column in found.description]
        assert found.fetchall()[0][names.index("coverage_so_far")] == 0.75


def test_every_fence_is_a_query() -> None:
    assert len(QUERIES) == PAGES["docs/queries.md"].count("```") // 2 >= 12
    assert all(query.rstrip().endswith(";") for query in QUERIES)
