"""`ratchet sql`: selects over the views of a run, and nothing but selects."""

from pathlib import Path

from stages.explore.output import Form
from stages.explore.sql.prompt import Prompt
from stages.explore.sql.select import ask, connected


def answer(query: str, form: Form, parquet: Path | None, revision: str) -> None:
    """Prints the rows, or writes them. Raises RatchetError for a query that is wrong."""
    with connected(revision, parquet) as connection:
        ask(connection, query, form, parquet)


def converse(form: Form, revision: str) -> bool:
    """Answers what comes in on standard input, until its end; was all of it right?"""
    with connected(revision) as connection:
        return Prompt(connection, form).listen()
