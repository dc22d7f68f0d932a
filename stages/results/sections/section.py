"""The parts of a report's section, and how its numbers are written."""

import re
from dataclasses import dataclass, field
from typing import Any

from stages.results.charts.bars import Figure

NUMBER = re.compile(r"-?[\d,.]+%?( \([\d.]+%\))?")


@dataclass(frozen=True)
class Grid:
    """A table: text and numbers, formatted for reading."""

    heads: list[str]
    rows: list[list[Any]]

    def column_classes(self) -> list[str]:
        """The CSS class of each column: "number" if every cell is one, so that digits align."""
        columns = zip(*self.rows, strict=True)
        return ["number" if all(map(_is_number, column)) else "text" for column in columns]


@dataclass(frozen=True)
class Section:
    """A heading with a note, charts and tables."""

    name: str
    title: str
    note: str = ""
    figures: list[Figure] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)


def percent(share: float | None) -> str:
    """0.385 → "38.5%"; "" for None."""
    return "" if share is None else f"{100 * share:.1f}%"


def count(number: float | None) -> str:
    """12345 → "12,345"; "" for None."""
    return "" if number is None else f"{number:,.0f}"


def _is_number(cell: Any) -> bool:
    return not isinstance(cell, str) or not cell or NUMBER.fullmatch(cell) is not None


def level_name(level: int | None) -> str:
    """The level as in "level 3"; "no level" for None."""
    return "no level" if level is None else f"level {level}"
