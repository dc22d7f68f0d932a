"""The views of the run in the current folder, as a DuckDB connection.

Each table is a view of its Parquet files, and `schemas/views.sql` defines views derived from them.
A table that no stage has written yet is an empty view with the schema's columns, so that queries
also work on an unfinished run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.catalog import TABLE_OF_NOUN, TABLES
from schemas.errors import RatchetError
from schemas.store import FILE
from schemas.table import Table

HERE = Path()
DERIVED = Path(__file__).with_name("views.sql")
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


def connect(until: int | None = None, root: Path = HERE) -> Any:
    """A connection with every view; `until` hides what later iterations left on disk.

    Raises RatchetError if there is no table at all, or a file is not readable.
    """
    connection = duckdb.connect(config={"python_enable_replacements": False})
    create_views(connection, until, root)
    return connection


def create_views(connection: Any, until: int | None = None, root: Path = HERE) -> list[str]:
    """Makes the views of the run in the folder `root`, in the connection's current schema.

    Returns the tables and `table.column`s that the run lacks, for example because it is older.
    Empty tables and columns of nulls take their place. Raises as `connect` does.
    """
    written = {file.relative_to(root).parts[1] for file in files(root)}
    if not written:
        raise RatchetError("no tables under data/: run `make run` first")
    selects: dict[str, str] = {}
    for table in TABLES:
        if table.noun not in written:
            connection.execute(empty_view_sql(table))
            continue
        try:
            selects[table.noun] = _create_table_view(connection, table, root, until)
        except duckdb.Error as error:
            raise RatchetError(f"view {table.noun}: {error_reason(error)}") from error
    absent = _add_missing_columns(connection, selects)
    try:
        connection.execute(DERIVED.read_text())
    except duckdb.Error as error:
        raise RatchetError(f"{DERIVED.name}: {error_reason(error)}") from error
    return absent


def files(root: Path = HERE) -> list[Path]:
    """The Parquet files of the run in a folder."""
    return sorted(file for top in table_folders() for file in (root / top).glob(f"**/{FILE}"))


def table_folders() -> list[str]:
    """The folders of a run that hold tables."""
    return sorted({table.root for table in TABLE_OF_NOUN.values()})


def seal(connection: Any, *roots: Path, out: Path | None = None, own: Sequence[Path] = ()) -> None:
    """Limits the connection to reading the runs in `roots` and the files `own`, and writing `out`.

    After this no other file can be read, and nothing can be attached, installed or set.
    """
    paths = [str(file.resolve()) for root in roots for file in files(root)]  # DuckDB follows links
    paths += [str(file) for file in own]
    connection.execute("set allowed_paths = $1", [[*paths, *([str(out)] if out else [])]])
    folders = [str((root / top).resolve()) for root in roots for top in table_folders()]
    connection.execute("set allowed_directories = $1", [folders])
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def ask(connection: Any, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query as dicts."""
    cursor = connection.execute(query, parameters or None)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def view_names(connection: Any) -> list[str]:
    """Every view, in alphabetical order."""
    query = "select view_name from duckdb_views() where not internal order by view_name"
    return [str(name) for (name,) in connection.execute(query).fetchall()]


def empty_view_sql(table: type[Table]) -> str:
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


def error_reason(error: Exception) -> str:
    """DuckDB's message in one line, without the excerpt of the query below it."""
    lines = [line.strip() for line in str(error).splitlines()]
    excerpt = next((n for n, line in enumerate(lines) if line.startswith("LINE ")), len(lines))
    return " ".join(line for line in lines[:excerpt] if line)


def table_select(table: type[Table], root: Path = HERE) -> str:
    """SQL that reads a table's files in the folder `root`; partitions are its first columns."""
    listed = ", ".join(table.partitions)
    columns = f"{listed}, * exclude ({listed})" if listed else "*"
    schema = table.polars_schema()
    kinds = ", ".join(f"'{name}': {sql_type(schema[name])}" for name in table.partitions)
    return f"select {columns} from {_files_of(table, root, kinds)}"


def _files_of(table: type[Table], root: Path, kinds: str = "") -> str:
    pattern = str(root / table.root / table.noun / "**" / FILE).replace("'", "''")
    types = f",\n    hive_types = {{{kinds}}}" if kinds else ""
    return f"""read_parquet(
    '{pattern}', hive_partitioning = true, union_by_name = true{types}
)"""


def _create_table_view(connection: Any, table: type[Table], root: Path, until: int | None) -> str:
    """Makes the view of a table that has files; returns its select."""
    has_limit = until is not None and "iteration" in table.polars_schema()
    limit = f" where iteration <= {until}" if has_limit else ""
    select = f"select * from ({table_select(table, root)}){limit}"
    try:
        connection.execute(f"create view {table.noun} as {select}")
    except duckdb.BinderException:  # it names a partition that the files do not have
        select = f"select * from {_files_of(table, root)}"
        names = [name for name, *_ in connection.execute(f"describe {select}").fetchall()]
        select += limit if "iteration" in names else ""
        connection.execute(f"create view {table.noun} as {select}")
    return select


def _add_missing_columns(connection: Any, selects: dict[str, str]) -> list[str]:
    """Adds the columns that a table's files lack to its view; returns these and absent tables.

    It asks for the columns of all views at once: to describe each would open its files again.
    """
    query = "select table_name, column_name from duckdb_columns() where schema_name = $1"
    here = connection.execute("select current_schema()").fetchone()
    stored = {tuple(row) for row in connection.execute(query, here).fetchall()}
    absent: list[str] = []
    for table in TABLES:
        if table.noun not in selects:
            absent.append(table.noun)
            continue
        schema = table.polars_schema()
        missing = [name for name in schema if (table.noun, name) not in stored]
        if missing:
            nulls = ", ".join(f"null::{sql_type(schema[name])} as {name}" for name in missing)
            select = f"select *, {nulls} from ({selects[table.noun]})"
            connection.execute(f"create or replace view {table.noun} as {select}")
        absent += [f"{table.noun}.{name}" for name in missing]
    return absent
