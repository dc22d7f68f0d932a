"""`ratchet sql`: selects over the views of a run, and nothing but selects."""

from pathlib import Path

from stages.explore.output import Form
from stages.explore.sql.prompt import Prompt
from stages.explore.sql.select import sealed_connection, show_select


def run_query(query: str, form: Form, parquet: Path | None, revision: str) -> None:
    """Prints the rows, or writes them. Raises RatchetError for a query that is wrong."""
    with sealed_connection(revision, parquet) as connection:
        show_select(connection, query, form, parquet)


def run_prompt(form: Form, revision: str) -> bool:
    """Answers what comes in on standard input, until its end; was all of it right?"""
    with sealed_connection(revision) as connection:
        return Prompt(connection, form).listen()
