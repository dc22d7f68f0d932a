"""Every query of the pages runs on a planted run, and those in blocks find something."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from schemas import views
from stages.contract.tables_page import table_views
from stages.explore.sql.one_select import show_select
from tests.fakes.docs_pages import PAGES, commands, fences
from tests.fakes.fake_run import plant

QUERIES = fences("docs/queries.md", "sql")
BLOCKS = [(page, query) for page in PAGES for query in fences(page, "sql")]
FIRST = [
    words[2]
    for words in commands("docs/queries.md")
    if words[:2] == ["ratchet", "sql"] and " order by " in words[2]
]
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


@pytest.mark.parametrize("query", FIRST)
def test_first_questions_are_answered_without_a_join(bare: Any, query: str) -> None:
    assert "join" not in query and not query.startswith("with")
    test_every_query_finds_something(bare, "docs/queries.md", query)


def test_there_are_ten_first_questions() -> None:
    assert len(FIRST) == PAGES["docs/queries.md"].count("\n    # ") == 10


def test_every_fence_is_a_query() -> None:
    assert len(QUERIES) == PAGES["docs/queries.md"].count("```") // 2 >= 12
    assert all(query.rstrip().endswith(";") for query in QUERIES)
