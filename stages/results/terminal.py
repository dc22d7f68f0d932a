"""Terminal output: the console, tables, and text that cannot control the terminal."""

import math
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.errors import visible

PIPED_WIDTH = 200  # columns, where no terminal has a width
NUMBER = re.compile(r"-?[\d,]+(\.\d+)?(e[+-]\d+)?%?( [±\[(].*)?")


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
    """A value as text; control characters, which a model may write, become �."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    return visible(str(value))


def percent(share: float | None) -> str:
    """0.385 → "38.5%"; "-" for None."""
    return "-" if share is None else f"{100 * share:.1f}%"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """A table that aligns columns of numbers on the right."""
    rows = list(rows)
    above = f"\n{title}" if title else None
    shown = Table(box=SIMPLE_HEAD, title=above, title_justify="left", show_edge=False)
    shown.title_style = "bold"
    for index, head in enumerate(heads):
        cells = [row[index] for row in rows if row[index] not in (None, "", "-")]
        right = bool(cells) and all(NUMBER.fullmatch(str(cell)) for cell in cells)
        shown.add_column(Text(visible(head)), justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(plain_text(cell)) for cell in row))
    return shown


def filled_columns_table(heads: list[str], rows: list[Any], title: str | None = None) -> Table:
    """A table without the columns that are empty in every row."""
    filled = [i for i in range(len(heads)) if any(row[i] not in (None, "") for row in rows)]
    return table([heads[i] for i in filled], [[row[i] for i in filled] for row in rows], title)


def grid(fields: Sequence[tuple[str, str | Text]]) -> Table:
    """One line for each field: its name and its value."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", min_width=11)
    shown.add_column(overflow="fold")
    for name, value in fields:
        shown.add_row(f"  {name}", value if isinstance(value, Text) else Text(plain_text(value)))
    return shown
