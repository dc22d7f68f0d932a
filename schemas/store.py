"""Reads and writes tables: Parquet under data/, validated both ways, the same bytes each time.

A table is kept in `data/<noun>/` (costs: `measured/costs/`), one folder per partition
(`iteration=1/stage=sample/`), one file `part.parquet` in each. Rows are ordered by primary key
and the writer's settings are pinned, so equal content is equal bytes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from schemas.table import Table

FILE = "part.parquet"
DISK_HINT = "free disk space or fix permissions, then run `dvc repro` to resume"
PINNED: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "statistics": True,
    "row_group_size": 65536,
}


def folder(table: type[Table], **partition: int | str) -> Path:
    """The folder of one partition, relative to the run's root; fewer values name a parent."""
    partition_folders = [
        f"{name}={partition[name]}" for name in table.partitions if name in partition
    ]
    return Path(table.root, table.noun, *partition_folders)


def validate(frame: pl.DataFrame, table: type[Table], where: str) -> pl.DataFrame:
    """The frame in the table's columns, types and order of rows.

    Raises RatchetError naming the table, the rule, how many rows break it and three of them.
    """
    schema = table.polars_schema()
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise RatchetError(f"{where}: table {table.noun} lacks column {', '.join(missing)}")
    try:
        frame = frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise RatchetError(f"{where}: table {table.noun} has a wrong type: {reason}") from error
    good, failure = table.filter(frame)
    counts = failure.counts()
    if counts:
        raise RatchetError(f"{where}: {_first_failure(table, counts, failure.details())}")
    return good.sort(table.sort_key()) if table.sort_key() else good


def _first_failure(table: type[Table], counts: dict[str, int], details: pl.DataFrame) -> str:
    """One line on the rule that most rows break."""
    rule = max(counts, key=lambda name: counts[name])
    rows = details.filter(pl.col(rule) == "invalid") if rule in details.columns else details
    keys = rows.select(table.sort_key()).head(3).rows() if table.sort_key() else []
    examples = ", ".join("/".join(map(str, key)) for key in keys)
    return f"table {table.noun} breaks rule {rule} in {counts[rule]} rows, such as {examples}"


def check_references(
    table: type[Table], frame: pl.DataFrame, known: dict[str, pl.DataFrame]
) -> None:
    """Raises RatchetError if `frame` refers to rows that `known` (noun → frame) does not have."""
    for column, noun in table.references.items():
        if noun not in known or column not in known[noun].columns:
            continue
        lost = frame.join(known[noun], on=column, how="anti")
        if lost.height:
            first = ", ".join(map(str, lost[column].unique(maintain_order=True).head(3)))
            raise RatchetError(
                f"table {table.noun} names {lost.height} {column} that are not in {noun}: {first}"
            )


def write(frame: pl.DataFrame, table: type[Table], **partition: int | str) -> Path:
    """Validates and writes one partition, whole or not at all; returns its folder."""
    target = folder(table, **partition)
    named = frame.with_columns(pl.lit(value).alias(name) for name, value in partition.items())
    valid = validate(named, table, f"writing {target}")
    target.mkdir(parents=True, exist_ok=True)
    write_parquet(valid.select(table.stored_columns()), target / FILE)
    return target


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Writes with pinned settings, whole or not at all."""
    with atomic_path(path) as partial:
        frame.write_parquet(partial, **PINNED)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a path to write to; at the end the file is flushed to disk, then renamed to `path`.

    So a reader never sees half a file, not even after a power cut. Raises RatchetError, and
    leaves nothing behind, if the file can't be written, or the block is interrupted.
    """
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial")
    try:
        yield partial
        fsync(partial)
        partial.replace(path)
        with suppress(OSError):  # some network file systems can't flush a folder
            fsync(path.parent)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if not isinstance(error, OSError | pl.exceptions.ComputeError):
            raise  # polars raises a ComputeError for a full disk
        raise write_error(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Writes a text in UTF-8, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


def fsync(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write_error(path: Path, error: Exception) -> RatchetError:
    """The error for a file that can't be written."""
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return RatchetError(f"cannot write {path}: {reason}: {DISK_HINT}")


def read(table: type[Table], **partition: int | str) -> pl.DataFrame:
    """All rows of a partition, or of every partition below a parent, validated."""
    frames = [_read_file(table, file) for file in files(table, **partition)]
    return validate(pl.concat(frames), table, f"reading {folder(table, **partition)}")


def files(table: type[Table], **partition: int | str) -> list[Path]:
    """The Parquet files of a partition, in order. Raises RatchetError if there are none."""
    top = folder(table, **partition)
    paths = sorted(top.rglob(FILE))
    if not paths:
        raise RatchetError(f"{top} is missing: run `dvc repro` to make it")
    return paths


def _read_file(table: type[Table], file: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(file, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise read_error(file) from error
    values = dict(folder_name.split("=", 1) for folder_name in file.parts if "=" in folder_name)
    schema = table.polars_schema()
    columns = table.columns()
    absent = [name for name in table.stored_columns() if name not in frame.columns]
    if lost := [name for name in absent if not columns[name].nullable]:
        raise RatchetError(f"{file}: table {table.noun} lacks column {', '.join(lost)}")
    # an older version wrote the file before there was this column
    frame = frame.with_columns(pl.lit(None, schema[name]).alias(name) for name in absent)
    return frame.with_columns(
        pl.lit(values[name]).cast(schema[name]).alias(name) for name in table.partitions
    ).select(pl.col(name).cast(kind) for name, kind in schema.items())


def read_error(file: Path) -> RatchetError:
    """The error for a file that is not Parquet."""
    return RatchetError(f"{file} is not readable Parquet: {restore_hint(file)}")


def restore_hint(path: Path) -> str:
    """How to restore a file or folder that a stage made."""
    return f"restore it with `dvc checkout --force {path}`, or delete it and run `dvc repro`"
