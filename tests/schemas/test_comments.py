"""What views and columns say of themselves, in the database and in `ratchet describe`."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas import views
from schemas.catalog import TABLE_OF_NOUN, TABLES
from schemas.comments import add_comments, described_columns, described_views
from schemas.table import Table
from stages.contract.tables_page import table_views
from tests.fakes.command_line import ratchet
from tests.fakes.plain_views import DERIVED


@pytest.fixture(scope="module")
def told(run: Path) -> Any:
    connection = views.connect()
    add_comments(connection)
    return connection


def test_every_view_says_what_it_is(told: Any) -> None:
    about = {row["view"]: row["about"] for row in described_views(told)}
    assert about.keys() == {*TABLE_OF_NOUN, *DERIVED}
    assert all(re.search(r"[.?]$", text) for text in about.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.noun)
def test_columns_of_tables_have_the_descriptions_of_the_schemas(
    told: Any, table: type[Table]
) -> None:
    found = {row["column"]: row["about"] for row in described_columns(told, table.noun)}
    for name, column in table.columns().items():
        assert found[name].startswith(column.description or ""), name


@pytest.mark.parametrize(
    ("view", "column", "about"),
    [
        ("graded_samples", "finish", "length: cut off"),  # as in samples
        ("graded_samples", "outcome", "null if it was not graded"),  # its own
        ("tail", "tail_coverage", "n_tail_solved / n_tail_before"),
        ("verifier_truth", "base_accuracy", "accuracy of one answer for every step"),
    ],
)
def test_columns_of_derived_views(told: Any, view: str, column: str, about: str) -> None:
    found = {row["column"]: row["about"] for row in described_columns(told, view)}
    assert found[column].startswith(about)


def test_duckdb_without_python_sees_the_comments(run: Path) -> None:
    bare = duckdb.connect()
    bare.execute(table_views() + views.DERIVED.read_text())
    for view, column in (("costs", "n_draws"), ("tail", "coverage")):
        (row,) = [r for r in described_columns(bare, view) if r["column"] == column]
        assert row["about"]


def test_describe_needs_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = ratchet("describe", "verifier_truth").stdout
    assert "One row" not in shown and "accuracy of one answer for every step" in shown
    assert "key: iteration, pair_id" in ratchet("describe", "pairs").stdout
    listed = json.loads(ratchet("describe", "--json").stdout)
    assert {row["view"] for row in listed} == {*TABLE_OF_NOUN, *DERIVED}


def test_an_unknown_view_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = ratchet("describe", "verdict")
    assert done.exit_code == 1
    assert done.stderr == "ratchet: there is no view verdict: did you mean verdicts?\n"
