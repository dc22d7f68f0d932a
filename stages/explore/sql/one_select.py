"""Runs one select on a connection that can read nothing but the views."""

import difflib
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from schemas import views
from schemas.comments import add_comments
from schemas.errors import RatchetError
from stages.explore import output, revisions
from stages.explore.output import Form
from stages.explore.sql.file_view import add_view
from stages.explore.sql.interruptible import run_interruptible
from stages.results import terminal

ENDING = re.compile(r";\s*(--[^\n]*\s*)*$")
ZONED = "WITH TIME ZONE"
UNKNOWN_TABLE = re.compile(r"Table with name (\S+) does not exist")


@contextmanager
def sealed_connection(
    revision: str, parquet: Path | None = None, files: Sequence[Path] = ()
) -> Iterator[Any]:
    """Yields a connection that can only read a revision's views and `files`, and write one file."""
    with revisions.open_revision(revision) as run, temporary_connection() as connection:
        views.create_views(connection, run.last_iteration, run.root)
        add_comments(connection)
        if run.leftovers():
            terminal.note(
                f"left out: iterations after {run.last_iteration}, the last of params.yaml"
            )
        own = [add_view(connection, file) for file in files]
        seal(connection, run.root, parquet=parquet, own=own)
        yield connection


@contextmanager
def temporary_connection(memory: str | None = None) -> Iterator[Any]:
    """Yields a connection without views; it spills to a folder that is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="ratchet-spilled-") as folder:
        connection = duckdb.connect(config={"python_enable_replacements": False})
        connection.execute("set temp_directory = $1", [folder])
        if memory:
            connection.execute("set memory_limit = $1", [memory])
        try:
            yield connection
        finally:
            connection.close()


def seal(
    connection: Any, *roots: Path, parquet: Path | None = None, own: Sequence[Path] = ()
) -> None:
    """Restricts the connection to the runs in these folders, `own` files, and writing one file."""
    out = output.temporary_path(parquet) if parquet else None
    views.seal(connection, *roots, out=out, own=own)


def show_select(connection: Any, query: str, form: Form, parquet: Path | None = None) -> None:
    """Shows the rows of one select. Raises RatchetError for several statements, or another kind."""
    try:
        text = _select(connection, query)
        if parquet:
            work = partial(output.write_parquet, connection, text, parquet)
            return run_interruptible(connection, work)
        shown = _with_times_as_text(connection, text)
        output.show(run_interruptible(connection, partial(connection.execute, shown)), form)
    except duckdb.Error as error:
        raise RatchetError(_explain(error, views.view_names(connection))) from error
    except RuntimeError as error:  # DuckDB raises it on Ctrl-C
        raise KeyboardInterrupt from error


def _select(connection: Any, query: str) -> str:
    """The query without its semicolon. Raises RatchetError unless it is one select."""
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise RatchetError("sql takes one select (or describe, summarize, show tables)")
    # A select may hide a COPY TO in a WITH clause; DuckDB refuses that in a subquery.
    text = ENDING.sub("", statements[0].query)
    connection.execute(f"explain from (\n{text}\n)")
    return text


def _with_times_as_text(connection: Any, text: str) -> str:
    """The select with each column of times of a zone as text: Python has no such type of its own.

    DuckDB gives them to Python only through another package, pytz.
    """
    columns = connection.execute(f"describe from (\n{text}\n)").fetchall()
    zoned = [ZONED in str(kind) for _, kind, *_ in columns]
    if not any(zoned):
        return text
    inner = ", ".join(f"c{index}" for index in range(len(columns)))
    quoted = ['"' + str(name).replace('"', '""') + '"' for name, *_ in columns]
    outer = ", ".join(
        f"c{index}{'::varchar' if is_zoned else ''} as {name}"
        for index, (name, is_zoned) in enumerate(zip(quoted, zoned, strict=True))
    )
    return f"select {outer} from (\n{text}\n) as t({inner})"


def _explain(error: Exception, known: list[str]) -> str:
    """DuckDB's reason; for an unknown table, also the views with similar names."""
    text = views.error_reason(error)
    unknown = UNKNOWN_TABLE.search(text)
    if not unknown:
        return text
    near = difflib.get_close_matches(unknown[1], sorted({*known}), n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "`show tables` lists them"
    return f"there is no view {unknown[1]}: {hint}"
