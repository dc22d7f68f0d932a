"""DuckDB over the Parquet files of one iteration, with bounded memory."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.errors import RatchetError
from schemas.store import read_error

HERE = Path(__file__).parent
Tables = Mapping[str, Sequence[Path]]


class Statistics:
    """Runs the .sql files beside this module; a query is named by its file, without the suffix."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def materialise(self, name: str, **parameters: object) -> None:
        """Stores a query's result as a table of its name, for other queries to read."""
        self.connection.execute(f"create table {name} as {_query(name)}", parameters or None)

    def table(self, name: str) -> pl.DataFrame:
        """A table that `keep` made, as a frame."""
        return self._frame(f"from {name}")

    def ask(self, name: str) -> pl.DataFrame:
        """A query's result as a frame."""
        return self._frame(_query(name))

    def _frame(self, query: str) -> pl.DataFrame:
        return pl.DataFrame(pl.from_arrow(self.connection.sql(query).to_arrow_table()))


@contextmanager
def open_statistics(tables: Tables, memory_gb: float) -> Iterator[Statistics]:
    """Views over the tables' files (name → files). What exceeds the memory goes to disk.

    Raises RatchetError if a file is not readable, or if the statistics need more than both.
    """
    with tempfile.TemporaryDirectory(prefix="ratchet-statistics-") as folder:
        connection = duckdb.connect()
        try:
            connection.execute(f"set memory_limit = '{int(1000 * memory_gb)}MB'")
            connection.execute(f"set temp_directory = '{folder}'")
            connection.execute("set preserve_insertion_order = false")
            connection.execute(_query("bare"))
            for name, files in tables.items():
                _create_view(connection, name, files)
            yield Statistics(connection)
        except duckdb.OutOfMemoryException as error:
            raise RatchetError(
                f"the statistics do not fit into stats.memory_gb={memory_gb:g}: raise it"
            ) from error
        finally:
            connection.close()


def _create_view(connection: Any, name: str, files: Sequence[Path]) -> None:
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    query = f"from read_parquet([{listed}], hive_partitioning = true)"
    try:
        connection.execute(f"create view {name} as {query}")
    except duckdb.Error as error:
        raise next((read_error(file) for file in files if not _is_readable(file)), error) from error


def _is_readable(file: Path) -> bool:
    try:
        pl.read_parquet_schema(file)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return True


def _query(name: str) -> str:
    return HERE.joinpath(f"{name}.sql").read_text().rstrip().rstrip(";")
