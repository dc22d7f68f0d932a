"""A table for any width of terminal, in which no number is ever broken.

Text wraps between words. What still does not fit continues below: columns in a further table that
repeats the keys, or, if not even that fits, each row as a block of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

NUMBER = re.compile(r"[+-]?[\d,]+(\.\d+)?(e[+-]\d+)?%?( [±\[(].*| s| min| [KMGT]iB)?")
MAX_WHOLE_WORD = 20  # cells; longer words, but not numbers, may be broken
PADDING, DIVIDER = 2, 1  # cells for each column, and between two


@dataclass(frozen=True)
class Column:
    """A head with its cells."""

    head: str
    cells: list[Text]

    @cached_property
    def texts(self) -> list[str]:
        """The cells that say something."""
        return [cell.plain for cell in self.cells if cell.plain not in ("", "-")]

    @cached_property
    def is_number(self) -> bool:
        """Whether these are all numbers, some with an interval or a deviation."""
        return bool(self.texts) and all(NUMBER.fullmatch(text) for text in self.texts)

    @cached_property
    def whole(self) -> int:
        """The width, in cells of the terminal, that its cells can't go below."""
        if self.is_number:
            return max(map(cell_len, self.texts))
        words = (word for text in self.texts for word in text.split())
        return min(MAX_WHOLE_WORD, max(map(cell_len, words), default=1))

    @cached_property
    def least(self) -> int:
        """The same, with a head of several lines."""
        return max([self.whole, *map(cell_len, self._head_pieces())])

    @cached_property
    def natural(self) -> int:
        """The width at which no cell wraps, nor the head."""
        lines = (line for text in self.texts for line in text.split("\n"))
        return max(cell_len(self.head), *map(cell_len, lines), 1)

    def wrapped_head(self) -> str:
        """The head in lines that are no wider than the column must be."""
        lines = [""]
        for piece in self._head_pieces():
            if lines[-1] and cell_len(f"{lines[-1]}{piece}".rstrip()) > self.least:
                lines.append("")
            lines[-1] += piece
        return "\n".join(line.rstrip() for line in lines)

    def _head_pieces(self) -> list[str]:
        """The head's words, also those that _ joins."""
        return [piece for piece in re.split(r"(?<=[ _])", self.head) if piece]


@dataclass(frozen=True)
class FittingTable:
    """Rows under heads. The first `n_keys` columns say which row it is.

    stacks: rows that do not fit become blocks at once, without a table of some of their columns.
    """

    columns: list[Column]
    title: str | None = None
    n_keys: int = 1
    stacks: bool = False

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yields what fits into the width."""
        width = options.max_width
        groups = self._groups(width)
        if self.title:
            yield Text(f"\n{self.title}", "bold")
        if any(_width([c.least for c in group]) > width for group in groups) or (
            self.stacks and len(groups) > 1
        ):
            yield from stacked_rows(self.columns)
            return
        for n, group in enumerate(groups):
            if n:
                yield Text("")
            yield _table(group, width)

    def _groups(self, width: int) -> list[list[Column]]:
        """The columns in groups that fit, each with the keys; one group if all fit."""
        keys, rest = self.columns[: self.n_keys], self.columns[self.n_keys :]
        groups = [[*keys]]
        for column in rest:
            if len(groups[-1]) > len(keys) and _least_width([*groups[-1], column]) > width:
                groups.append([*keys])
            groups[-1].append(column)
        return groups


def stacked_rows(columns: Sequence[Column]) -> Iterator[RenderableType]:
    """Each row as a block: a numbered line, and one for each column."""
    for n in range(len(columns[0].cells) if columns else 0):
        yield Text(f"row {n + 1}", "dim")
        block = Table.grid(padding=(0, 2))
        block.add_column(no_wrap=True, style="dim")
        block.add_column(overflow="fold")
        for column in columns:
            block.add_row(f"  {column.head}", column.cells[n])
        yield block


def _table(columns: Sequence[Column], width: int) -> Table:
    shown = Table(box=SIMPLE_HEAD, show_edge=False)
    for column, fitted in zip(columns, _fitted_widths(columns, width), strict=True):
        head = column.head if cell_len(column.head) <= fitted else column.wrapped_head()
        justify: JustifyMethod = "right" if column.is_number else "left"
        shown.add_column(Text(head), justify=justify, overflow="fold", width=fitted)
    for row in zip(*(column.cells for column in columns), strict=True):
        shown.add_row(*row)
    return shown


def _fitted_widths(columns: Sequence[Column], width: int) -> list[int]:
    """Widths that together fit: the widest columns give way first, none below its least."""
    widths = [max(column.least, min(column.natural, width)) for column in columns]
    while _width(widths) > width:
        spare = [n for n, column in enumerate(columns) if widths[n] > column.least]
        if not spare:
            break
        widths[max(spare, key=lambda n: widths[n])] -= 1
    return widths


def _least_width(columns: Sequence[Column]) -> int:
    return _width(column.least for column in columns)


def _width(widths: Iterable[int]) -> int:
    """The width of a table whose columns have these widths."""
    return sum(width + PADDING + DIVIDER for width in widths) - DIVIDER
