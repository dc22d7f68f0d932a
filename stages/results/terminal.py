"""What the terminal shows: one console, tables, and text that cannot steer the terminal."""

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

PIPED_WIDTH = 200  # columns, where no terminal says how wide it is
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
NUMBER = re.compile(r"-?[\d,]+(\.\d+)?(e[+-]\d+)?%?( [±\[(].*)?")


def console() -> Console:
    """Standard output; colours only on a terminal."""
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=PIPED_WIDTH if piped else None)


def results_only() -> bool:
    """`ratchet --quiet`: neither bars nor remarks."""
    return "RATCHET_QUIET" in os.environ


def note(message: str) -> None:
    """A remark beside the result, on standard error."""
    if not results_only():
        print(f"ratchet: {message}", file=sys.stderr)


def one_line(message: object) -> str:
    """An error's text without line breaks."""
    return " ".join(str(message).split())


def plain_text(value: Any) -> str:
    """A value as text; control characters, which a model may write, are shown as �."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    return CONTROL.sub("�", str(value))


def percent(share: float | None) -> str:
    """0.385 → «38.5%»."""
    return "-" if share is None else f"{100 * share:.1f}%"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """A table whose columns of numbers are aligned on the right."""
    rows = list(rows)
    above = f"\n{title}" if title else None
    made = Table(box=SIMPLE_HEAD, title=above, title_justify="left", show_edge=False)
    made.title_style = "bold"
    for index, head in enumerate(heads):
        cells = [row[index] for row in rows if row[index] not in (None, "", "-")]
        right = bool(cells) and all(NUMBER.fullmatch(str(cell)) for cell in cells)
        made.add_column(Text(head), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(plain_text(cell)) for cell in row))
    return made


def filled_columns_table(heads: list[str], rows: list[Any], title: str | None = None) -> Table:
    """A table without the columns in which no row has anything."""
    filled = [i for i in range(len(heads)) if any(row[i] not in (None, "") for row in rows)]
    return table([heads[i] for i in filled], [[row[i] for i in filled] for row in rows], title)


def grid(fields: Sequence[tuple[str, str | Text]]) -> Table:
    """Name and value, one below the other."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", min_width=11)
    made.add_column(overflow="fold")
    for name, value in fields:
        made.add_row(f"  {name}", value if isinstance(value, Text) else Text(plain_text(value)))
    return made
