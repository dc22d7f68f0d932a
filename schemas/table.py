"""The base of every table: where it lives, how it is partitioned, what it refers to."""

from typing import ClassVar

import dataframely as dy
import polars as pl


class Table(dy.Schema):
    """One noun: a schema class, a module, a folder under data/ and a SQL view.

    `noun` names the folder and the view. `root` is the folder above: data/ is the same in every run
    of the same parameters; tables that differ between runs are kept elsewhere. `partitions` are
    hive folders below it, so those columns are in the frame but not in the files. `references` maps
    a column to the noun whose primary key it must appear in.
    """

    noun: ClassVar[str] = ""
    root: ClassVar[str] = "data"
    partitions: ClassVar[tuple[str, ...]] = ()
    references: ClassVar[dict[str, str]] = {}

    @classmethod
    def stored_columns(cls) -> list[str]:
        """The columns a file holds, in their order: all but the partitions'."""
        return [name for name in cls.column_names() if name not in cls.partitions]

    @classmethod
    def stored_schema(cls) -> pl.Schema:
        """The polars schema of a file: all columns but the partitions'."""
        schema = cls.polars_schema()
        return pl.Schema({name: schema[name] for name in cls.stored_columns()})

    @classmethod
    def sort_key(cls) -> list[str]:
        """The primary key without the partition columns: the order of rows in a file."""
        return [name for name in cls.primary_key() if name not in cls.partitions]

    @classmethod
    def polars_schema(cls) -> pl.Schema:
        """Column name → polars type, partitions included."""
        return pl.Schema({name: column.dtype for name, column in cls.columns().items()})
