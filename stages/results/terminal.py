"""Terminal output: the console, tables, and text that cannot control the terminal."""

import math
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.errors import visible
from stages.results.fitting_table import Column, FittingTable

PIPED_WIDTH = 200  # columns, where no terminal has a width


def console() -> Console:
    """Standard output; in colour only on a terminal."""
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=PIPED_WIDTH if piped else None)


def results_only() -> bool:
    """Whether `ratchet --quiet` turned off progress bars and notes."""
    return "RATCHET_QUIET" in os.environ


def note(message: str) -> None:
    """Prints a note beside the result, on standard error, unless --quiet."""
    if not results_only():
        print(f"ratchet: {visible(message)}", file=sys.stderr)


def one_line(message: object) -> str:
    """An error's text without line breaks and control characters."""
    return visible(" ".join(str(message).split()))


def plain_text(value: Any) -> str:
    """A value as text, "-" for none; control characters, which a model may write, become �."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.6g}"
    return visible(str(value))


def percent(share: float | None) -> str:
    """0.385 → "38.5%"; "-" for None and NaN."""
    return "-" if share is None or math.isnan(share) else f"{100 * share:.1f}%"


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    title: str | None = None,
    n_keys: int = 1,
    stacks: bool = False,
) -> FittingTable:
    """A table with columns of numbers on the right; see `FittingTable` on what is too wide."""
    texts = [[cell if isinstance(cell, Text) else Text(plain_text(cell)) for cell in row]
             for row in rows]  # fmt: skip
    columns = [Column(visible(head), [row[n] for row in texts]) for n, head in enumerate(heads)]
    return FittingTable(columns, title, n_keys, stacks)


def filled_columns_table(
    heads: list[str], rows: list[Any], title: str | None = None, n_keys: int = 1
) -> FittingTable:
    """A table without the columns that are empty in every row."""
    filled = [i for i in range(len(heads)) if any(row[i] not in (None, "") for row in rows)]
    cells = [[row[i] for i in filled] for row in rows]
    return table([heads[i] for i in filled], cells, title, sum(i < n_keys for i in filled))


def grid(fields: Sequence[tuple[str, str | Text]]) -> Table:
    """One line for each field: its name and its value."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", min_width=11)
    shown.add_column(overflow="fold")
    for name, value in fields:
        shown.add_row(f"  {name}", value if isinstance(value, Text) else Text(plain_text(value)))
    return shown
