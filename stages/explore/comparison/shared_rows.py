"""The rows that two sides both have of a table, by primary key: file by file, without a join.

A partition's rows are in the order of their keys. So once rows of one side alone are left out,
those of both stand in the same order, and columns are compared as they stand. Keys are compared by
64-bit hashes: of ten million, any two are the same once in three hundred thousand comparisons.
"""

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.store import FILE, read_error
from schemas.table import Table
from stages.explore.revisions import Revision

Words = NDArray[np.uint64]
Rows = NDArray[np.int64] | None  # places in a file, or None for all of it


@dataclass(frozen=True)
class Partition:
    """A partition of both sides: its files, and the rows of each that both have, in one order."""

    files: tuple[Path, Path]
    rows: tuple[Rows, Rows]
    n_both: int

    def read(self, table: type[Table], *columns: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The columns of the rows that both have, of side a and of side b."""
        a = read_rows(self.files[0], table, columns, self.rows[0])
        is_one_file = self.files[0] == self.files[1]
        return a, a if is_one_file else read_rows(self.files[1], table, columns, self.rows[1])

    def where(self, is_chosen: NDArray[np.bool_]) -> "Partition":
        """Those of the rows that both have."""
        chosen = np.flatnonzero(is_chosen)
        a, b = (chosen if rows is None else rows[chosen] for rows in self.rows)
        return Partition(self.files, (a, b), len(a))


class SharedRows:
    """What two runs have in common. Keys are read once, and kept as 8 bytes a row."""

    def __init__(self, *runs: Revision) -> None:
        self.runs = runs
        self._words: dict[Path, Words] = {}
        self._partitions: dict[str, list[Partition]] = {}

    def count(self, table: type[Table]) -> dict[str, str | int]:
        """How many rows each side has, and how many only one has."""
        n_both = sum(partition.n_both for partition in self.partitions(table))
        n_a, n_b = (
            sum(len(self._key_words(table, file)) for file in _files(run, table).values())
            for run in self.runs
        )
        moved = {"n_added": n_b - n_both, "n_removed": n_a - n_both}
        return {"table": table.noun, "n_a": n_a, "n_b": n_b, **moved}

    def partitions(self, table: type[Table]) -> list[Partition]:
        """The partitions that both sides have."""
        if table.noun not in self._partitions:
            a, b = (_files(run, table) for run in self.runs)
            shared = [(a[name], b[name]) for name in a if name in b]
            self._partitions[table.noun] = [self._partition(table, *files) for files in shared]
        return self._partitions[table.noun]

    def columns(self, table: type[Table], column: str) -> pl.DataFrame:
        """A row for each that both have: iteration, and the column of either side."""
        kind = _read_type(table, column)
        frames = [
            pl.DataFrame(schema={"iteration": pl.Int16, f"{column}_a": kind, f"{column}_b": kind})
        ]
        for partition in self.partitions(table):
            a, b = partition.read(table, "iteration", column)
            sides = [side[column].alias(f"{column}_{end}") for side, end in ((a, "a"), (b, "b"))]
            frames.append(a.select("iteration", *sides))
        return pl.concat(frames)

    def rows_of_keys(
        self, side: int, table: type[Table], keys: pl.DataFrame, *columns: str
    ) -> pl.DataFrame:
        """The columns of a side's rows with one of these keys, in whatever partition."""
        wanted = _hashes(keys.lazy(), table).implode()
        frames = [pl.DataFrame(schema={name: _read_type(table, name) for name in columns})]
        for file in _files(self.runs[side], table).values():
            is_wanted = pl.Series(self._key_words(table, file)).is_in(wanted)
            if is_wanted.any():
                frames.append(read_rows(file, table, columns, is_wanted.arg_true().to_numpy()))
        return pl.concat(frames)

    def _partition(self, table: type[Table], a: Path, b: Path) -> Partition:
        b = a if _have_same_bytes(a, b) else b
        words = self._key_words(table, a), self._key_words(table, b)
        rows = rows_of_both(*words)
        return Partition((a, b), rows, len(words[0] if rows[0] is None else rows[0]))

    def _key_words(self, table: type[Table], file: Path) -> Words:
        if file not in self._words:
            try:
                self._words[file] = _hashes(_scan(file, table), table).to_numpy()
            except pl.exceptions.PolarsError as error:
                raise read_error(file) from error
        return self._words[file]


def rows_of_both(a: Words, b: Words) -> tuple[Rows, Rows]:
    """Which words of a and of b are in the other too, in one order. A side has no word twice."""
    if np.array_equal(a, b):
        return None, None
    words = np.sort(np.concatenate([a, b]))
    is_twin = np.concatenate([[False], words[1:] == words[:-1], [False]])
    lone = pl.Series(words[~(is_twin[1:] | is_twin[:-1])]).implode()
    rows_a, rows_b = ((~pl.Series(side).is_in(lone)).arg_true().to_numpy() for side in (a, b))
    if np.array_equal(a[rows_a], b[rows_b]):
        return rows_a, rows_b
    _, places_a, places_b = np.intersect1d(a, b, return_indices=True)  # not in the order of keys
    return places_a, places_b


def read_rows(file: Path, table: type[Table], columns: Sequence[str], rows: Rows) -> pl.DataFrame:
    """The columns of rows of a file; null where it is older than the column.

    Raises RatchetError if the file can't be read.
    """
    try:
        frame = _scan(file, table).select(columns).collect()
    except pl.exceptions.PolarsError as error:
        raise read_error(file) from error
    return frame if rows is None else frame[rows]


def _scan(file: Path, table: type[Table]) -> pl.LazyFrame:
    """A file with all columns of its table: its partition's too, and nulls for lacking ones."""
    scan = pl.scan_parquet(file, hive_partitioning=False, glob=False)
    present = scan.collect_schema().names()
    values = dict(folder.split("=", 1) for folder in file.parts if "=" in folder)
    lacking = [name for name in table.column_names() if name not in present]
    return scan.with_columns(
        pl.lit(values.get(name) if name in table.partitions else None)
        .cast(_read_type(table, name))
        .alias(name)
        for name in lacking
    ).with_columns(
        pl.col(name).cast(_read_type(table, name))
        for name in table.column_names()
        if name in present
    )


def _read_type(table: type[Table], column: str) -> pl.DataType:
    kind = table.polars_schema()[column]
    return pl.String() if isinstance(kind, pl.Enum) else kind


def _hashes(rows: pl.LazyFrame, table: type[Table]) -> pl.Series:
    key = table.sort_key()
    hashes = pl.struct(key).hash() if len(key) > 1 else pl.col(*key or ["iteration"]).hash()
    return rows.select(hashes.alias("hash")).collect()["hash"]


def _files(run: Revision, table: type[Table]) -> dict[Path, Path]:
    """The table's files of a run, by their places in it, up to the last iteration it asks for."""
    top = run.root / table.root / table.noun
    found = {file.relative_to(top): file for file in sorted(top.rglob(FILE))}
    until = run.last_iteration
    return {
        name: file
        for name, file in found.items()
        if until is None or not _iteration(name) or int(_iteration(name)) <= until
    }


def _iteration(name: Path) -> str:
    return dict(folder.partition("=")[::2] for folder in name.parts).get("iteration", "")


def _have_same_bytes(a: Path, b: Path) -> bool:
    return a.samefile(b) or (
        a.stat().st_size == b.stat().st_size and filecmp.cmp(a, b, shallow=False)
    )
