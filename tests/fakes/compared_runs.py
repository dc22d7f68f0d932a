"""`ratchet compare` in this process, and rows of both sides by their keys."""

from collections.abc import Iterator
from typing import Any

from typer.testing import CliRunner, Result

from schemas.catalog import TABLE_OF_NOUN
from stages.explore.cli import app
from tests.fakes.two_runs import Rows, Runs

Key = tuple[Any, ...]


def compare(*words: str) -> Result:
    return CliRunner().invoke(app, ["compare", *words])


def by(rows: Rows, *names: str) -> dict[Key, dict[str, Any]]:
    return {tuple(row[name] for name in names): row for row in rows}


def both(runs: Runs, noun: str) -> Iterator[tuple[Key, dict[str, Any], dict[str, Any]]]:
    """(key, row of a, row of b) of the keys that both have."""
    a, b = (by(side[noun], *TABLE_OF_NOUN[noun].primary_key()) for side in runs)
    yield from ((key, a[key], b[key]) for key in sorted(a.keys() & b.keys()))
