"""`ratchet describe`: what the views of a run are, and their columns. It reads no run."""

import difflib

import duckdb

from schemas import comments, views
from schemas.catalog import TABLE_OF_NOUN, TABLES
from schemas.errors import RatchetError
from stages.explore.output import dumps
from stages.results import terminal


def describe(view: str | None, as_json: bool) -> None:
    """Prints the list of views, or a view's columns. Raises RatchetError for an unknown view."""
    connection = described_connection()
    known = {row["view"]: row["about"] for row in comments.described_views(connection)}
    if view is None:
        rows = comments.described_views(connection)
    elif view in known:
        rows = comments.described_columns(connection, view)
    else:
        near = difflib.get_close_matches(view, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else "`ratchet describe` lists them"
        raise RatchetError(f"there is no view {view}: {hint}")
    if as_json:
        print(dumps(rows))
        return
    console = terminal.console()
    if view is not None:
        console.print(f"{view}: {known[view]}", markup=False)
        if view in TABLE_OF_NOUN:
            console.print(f"key: {', '.join(TABLE_OF_NOUN[view].primary_key()) or 'none'}")
    heads = [*rows[0]]
    console.print(terminal.table(heads, [[row[name] for name in heads] for row in rows]))
    if view is None:
        terminal.note("`ratchet describe VIEW` shows its columns; docs/queries.md has questions")


def described_connection() -> duckdb.DuckDBPyConnection:
    """A connection with every view, empty, and its comments."""
    connection = duckdb.connect()
    connection.execute(";".join(map(views.empty_view_sql, TABLES)))
    connection.execute(views.DERIVED.read_text())
    comments.add_comments(connection)
    return connection
