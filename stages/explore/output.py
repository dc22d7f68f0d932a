"""How rows are shown: a table for people, JSON or CSV for programs, or a Parquet file."""

import csv
import json
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import duckdb

from schemas.errors import CONTROL, RatchetError, visible
from stages.results import terminal
from stages.results.fitting_table import stacked_rows

Form = Literal["table", "long", "json", "csv"]
Row = tuple[Any, ...]
BATCH = 2048  # rows held at a time
MAX_ROWS_SHOWN = 1000  # rows of a table for people


def form_of(as_json: bool, as_csv: bool, parquet: Path | None, as_long: bool = False) -> Form:
    """The requested form. Raises RatchetError if more than one is requested."""
    if as_json + as_csv + as_long + (parquet is not None) > 1:
        raise RatchetError("--json, --csv, --long and --parquet exclude each other: choose one")
    return "json" if as_json else "csv" if as_csv else "long" if as_long else "table"


def show(cursor: Any, form: Form) -> None:
    """Prints a cursor's rows. An error in the first batch is raised before anything is printed."""
    heads = _unique_names([column[0] for column in cursor.description])
    first = cursor.fetchmany(BATCH)
    rows = chain(first, _remaining_rows(cursor))
    if form == "json":
        _print_json(heads, rows)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        # a file keeps what was written, and a terminal must not obey it
        safe = _visible_row if sys.stdout.isatty() else tuple
        writer.writerow(safe(heads))
        writer.writerows(safe([_empty_if_nan(value) for value in row]) for row in rows)
    else:
        _print_table(heads, rows, stacks=form == "long")


def write_parquet(connection: Any, query: str, file: Path) -> None:
    """Writes a query's rows to a file, all or nothing; they need not fit into memory."""
    if not file.absolute().parent.is_dir():
        raise RatchetError(f"--parquet {file}: there is no folder {file.parent}: create it first")
    temporary = temporary_path(file)
    quoted = str(temporary).replace("'", "''")
    try:
        connection.execute(f"copy (\n{query}\n) to '{quoted}' (format parquet, compression zstd)")
        temporary.replace(file)
    except (OSError, duckdb.IOException) as error:
        reason = terminal.one_line(error).replace(str(temporary), str(file))
        raise RatchetError(f"--parquet {file}: {reason}") from error
    finally:
        temporary.unlink(missing_ok=True)


def temporary_path(file: Path) -> Path:
    """The name of a file until all of it is written."""
    return file.absolute().with_name(f".{file.name}.half")


def dumps(value: Any) -> str:
    """A value as JSON, in which NaN and infinity become null, and control characters escapes."""
    text = json.dumps(_nan_to_none(value), ensure_ascii=False, default=str)
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _visible_row(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(visible(str(v)) if isinstance(v, str | list | dict) else v for v in row)


def _remaining_rows(cursor: Any) -> Iterator[Row]:
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def _print_json(heads: Sequence[str], rows: Iterator[Row]) -> None:
    """Prints a JSON list with one row on each line."""
    before = "["
    for row in rows:
        print(before, dumps(dict(zip(heads, row, strict=True))), sep="", end="")
        before = ",\n "
    print("[]" if before == "[" else "]")


def _print_table(heads: Sequence[str], rows: Iterator[Row], stacks: bool) -> None:
    shown = list(islice(rows, MAX_ROWS_SHOWN))
    console = terminal.console()
    table = terminal.table(heads, shown, stacks=True)
    console.print(*(stacked_rows(table.columns) if stacks else [table]), sep="\n")
    if next(rows, None) is not None:
        console.print(
            f"the first {MAX_ROWS_SHOWN:,} rows; for all: --csv, --json or --parquet FILE"
        )
    elif not terminal.results_only():
        console.print(f"{len(shown)} row{'' if len(shown) == 1 else 's'}", style="dim")


def _unique_names(heads: list[str]) -> list[str]:
    """The column names, with a number appended to repeated ones."""
    return [
        head if head not in heads[:index] else f"{head}_{heads[:index].count(head)}"
        for index, head in enumerate(heads)
    ]


def _empty_if_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _nan_to_none(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_nan_to_none(item) for item in value]
    return {k: _nan_to_none(v) for k, v in value.items()} if isinstance(value, dict) else value
