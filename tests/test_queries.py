"""Every query of docs/queries.md runs on a planted run and finds something."""

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from stages.explore import views
from tests.contract import ROOT
from tests.planted import plant

PAGE = (ROOT / "docs/queries.md").read_text()
QUERIES = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A run of three iterations as `duckdb -init schemas/views.sql` sees it."""
    root = tmp_path_factory.mktemp("planted")
    plant(root, iterations=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        connection = duckdb.connect()
        connection.execute(views.SCRIPT.read_text())
        yield connection


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_every_query_answers(bare: Any, number: int) -> None:
    found = bare.execute(QUERIES[number])
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    assert rows, QUERIES[number]
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        assert any(value is not None for value in values), f"{name} is empty in {QUERIES[number]}"


def test_every_fence_is_a_query() -> None:
    assert len(QUERIES) == PAGE.count("```") // 2 >= 12
    assert all(query.rstrip().endswith(";") for query in QUERIES)
