"""The `ratchet` command, in this process."""

from typing import Any

from typer.testing import CliRunner, Result

from stages.explore.cli import app


def ratchet(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def one(connection: Any, query: str) -> Any:
    """The first value of a query."""
    (value, *_) = connection.execute(query).fetchone()
    return value
