"""`ratchet sql`: runs selects, and no other statements, over the views of a run."""

from collections.abc import Sequence
from pathlib import Path

from stages.explore.output import Form
from stages.explore.sql.one_select import sealed_connection, show_select
from stages.explore.sql.prompt import Prompt


def run_query(
    query: str, form: Form, parquet: Path | None, revision: str, files: Sequence[Path] = ()
) -> None:
    """Prints the query's rows, or writes them to a file. Raises RatchetError for a wrong query."""
    with sealed_connection(revision, parquet, files) as connection:
        show_select(connection, query, form, parquet)


def run_prompt(form: Form, revision: str, files: Sequence[Path] = ()) -> bool:
    """Answers statements from standard input until its end; returns whether all succeeded."""
    with sealed_connection(revision, None, files) as connection:
        return Prompt(connection, form).listen()
