"""The parts of a report's section, and how its numbers are written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stages.measures.intervals import wilson
from stages.results.charts.figure import Figure
from stages.results.charts.lines import Point
from stages.results.queries import Source

NUMBER = re.compile(r"[-+]?[\d,.]+%?( \([\d.]+%\)| \[.*\])?|<0\.001|–")
LONGEST_WORD = 24  # characters of a cell that stays in one line


@dataclass(frozen=True)
class Grid:
    """A table: text and numbers, formatted for reading, and the rows that it was made of."""

    heads: list[str]
    rows: list[list[Any]]
    source: Source | None = None
    title: str = ""

    def column_classes(self) -> list[str]:
        """Each column's CSS class: "number" if every cell is one, "word" if all are short."""
        columns = zip(*self.rows, strict=True)
        return [_column_class(column) for column in columns]


@dataclass(frozen=True)
class Section:
    """A heading with its gist (seen while it is folded), a note, charts and tables."""

    name: str
    title: str
    note: str = ""
    figures: list[Figure] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    gist: str = ""


def percent(share: float | None) -> str:
    """0.385 → "38.5%"; "" for None."""
    return "" if share is None else f"{100 * share:.1f}%"


def count(number: float | None) -> str:
    """12345 → "12,345"; "" for None."""
    return "" if number is None else f"{number:,.0f}"


def with_noun(number: float, noun: str) -> str:
    """The number with its noun: "1 pair", "1,200 pairs"."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """42 → "42 s", 1112 → "18.5 min", 40000 → "11.1 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def bounds(low: float, high: float) -> str:
    """An interval of shares, in percent: "[30.3, 36.4]"."""
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


def share_of(n_correct: int, n: int) -> str:
    """A share with its 95% Wilson interval: "33.4% [30.5, 36.4]"; "" of nothing."""
    return f"{percent(n_correct / n)} {bounds(*wilson(n_correct, n))}" if n else ""


def share_point(x: float, n_correct: int, n: int, note: str = "") -> Point:
    """The same as a point of a chart; n is not zero."""
    return Point(x, n_correct / n, *wilson(n_correct, n), note)


def change(values: Sequence[float | None]) -> str:
    """From the first known share to the last: "42.6% → 49.6%", or the only one."""
    known = [value for value in values if value is not None]
    return " → ".join(percent(value) for value in dict.fromkeys((known[0], known[-1])))


def _column_class(cells: Sequence[Any]) -> str:
    if all(map(_is_number, cells)):
        return "number"
    return "word" if all(len(str(cell)) <= LONGEST_WORD for cell in cells) else "text"


def _is_number(cell: Any) -> bool:
    return not isinstance(cell, str) or not cell or NUMBER.fullmatch(cell) is not None


def level_name(level: int | None) -> str:
    """The level as in "level 3"; "no level" for None."""
    return "no level" if level is None else f"level {level}"
