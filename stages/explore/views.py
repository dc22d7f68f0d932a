"""The views of the run in the current folder, as a DuckDB connection.

`schemas/views.sql` defines them. A table that no stage has written yet is an empty view with
the schema's columns, so that a question about half a run has an answer.
"""

import re
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

import schemas
from schemas.catalog import BY_NOUN
from schemas.store import FILE, folder
from schemas.table import RatchetError, Table

SCRIPT = Path(schemas.__file__).with_name("views.sql")
CREATED = re.compile(r"create or replace view (\w+)")
TYPES = {
    pl.Boolean: "boolean",
    pl.Int16: "smallint",
    pl.Int32: "integer",
    pl.Int64: "bigint",
    pl.Float32: "float",
    pl.Float64: "double",
    pl.String: "varchar",
    pl.Enum: "varchar",
}


def connect(until: int | None = None) -> Any:
    """A connection with every view; `until` hides what later iterations left on disk.

    Raises RatchetError when there is no table at all, or a file is not readable.
    """
    written = {noun for noun in BY_NOUN if [*folder(BY_NOUN[noun]).glob(f"**/{FILE}")]}
    if not written:
        raise RatchetError("no tables under data/: run `make run` first")
    connection = duckdb.connect()
    for statement in duckdb.extract_statements(SCRIPT.read_text()):
        name = _created(statement.query)
        try:
            if name in BY_NOUN and name not in written:
                connection.execute(empty(BY_NOUN[name]))
            else:
                connection.execute(statement)
        except duckdb.Error as error:
            raise RatchetError(f"view {name}: {reason(error)}") from error
        if until is not None and name in BY_NOUN and "iteration" in BY_NOUN[name].partitions:
            _hide_later(connection, name, until)
    return connection


def ask(connection: Any, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query as dicts; `query` is SQL, or the name of a .sql file beside this one."""
    if " " not in query:
        query = Path(__file__).with_name(f"{query}.sql").read_text()
    cursor = connection.execute(query, parameters or None)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def names(connection: Any) -> list[str]:
    """Every view, in alphabetical order."""
    query = "select view_name from duckdb_views() where not internal order by view_name"
    return [str(name) for (name,) in connection.execute(query).fetchall()]


def empty(table: type[Table]) -> str:
    """SQL that makes a table's view without rows."""
    columns = ", ".join(
        f"null::{sql_type(kind)} as {name}" for name, kind in table.polars_schema().items()
    )
    return f"create or replace view {table.noun} as select {columns} where false"


def sql_type(kind: pl.DataType) -> str:
    """A polars type as DuckDB reads it from Parquet."""
    if isinstance(kind, pl.List):
        return f"{sql_type(kind.inner)}[]"  # type: ignore[arg-type]
    return TYPES[kind.base_type()]


def reason(error: Exception) -> str:
    """DuckDB's message in one line, without the picture of the query below it."""
    lines = [line.strip() for line in str(error).splitlines()]
    picture = next((n for n, line in enumerate(lines) if line.startswith("LINE ")), len(lines))
    return " ".join(line for line in lines[:picture] if line)


def _created(statement: str) -> str:
    found = CREATED.search(statement)
    assert found, f"views.sql holds only views: {statement}"
    return found[1]


def _hide_later(connection: Any, name: str, until: int) -> None:
    connection.execute(f"alter view {name} rename to {name}_on_disk")
    connection.execute(
        f"create view {name} as select * from {name}_on_disk where iteration <= {int(until)}"
    )
