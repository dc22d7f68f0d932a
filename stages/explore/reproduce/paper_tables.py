"""The papers' tables and figures: what each compares, and the reported numbers (papers/*.yaml)."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import RatchetError

FOLDER = Path(__file__).parent / "papers"
NO_LAYOUT = "layout not on file"


class Entry(BaseModel):
    """What all entries of the files share: unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Entry):
    """A measure of a run; the fields that its query (cells/MEASURE.sql) does not name are unused.

    domain: in or out, the suites to take on a task without `suite`.
    """

    name: str
    measure: str
    suite: str | None = None
    domain: Literal["in", "out"] | None = None
    mode: Literal["greedy", "vote"] = "greedy"
    side: str | None = None
    moment: Literal["first", "last"] | None = None
    of: str | None = None
    split: str | None = None
    level: int | None = None


class Block(Entry):
    """Columns that read the same run of a row; printed side by side."""

    settings: list[str] = []
    columns: list[Column] = Field(min_length=1, max_length=3)


class Row(Entry):
    """A method, and the iteration that is shown.

    iteration: a number; `last` of the run; `best`, by the block's first column; or `each`, a row
    for every iteration from `start`, whose number takes the place of {} in the name. A setting
    `iteration` of a row is the most that the row ever needs.
    """

    name: str
    settings: list[str] = []
    iteration: int | Literal["last", "best", "each"] = "last"
    start: int = 1
    suite: str | None = None


class Reported(Entry):
    """One number of the paper, in the column's unit, and where it says so."""

    row: str
    column: str
    value: float
    source: str


class ComparedSetting(Entry):
    """A setting of ours and the values that the paper names for it."""

    setting: str
    values: list[Any] = Field(min_length=1)
    source: str


class PaperTable(Entry):
    """A table or figure. Without blocks it is one of settings; without either it can't be made.

    stage: the last stage that its runs need.
    """

    title: str
    about: str = ""
    settings: list[str] = []
    stage: Literal["report", "prepare"] = "report"
    chart: bool = False
    blocks: list[Block] = []
    rows: list[Row] = []
    reported: list[Reported] = []
    compared: list[ComparedSetting] = []

    @property
    def has_layout(self) -> bool:
        """Whether it is known what the table compares."""
        return bool(self.blocks or self.compared)

    @model_validator(mode="after")
    def _numbers_have_cells(self) -> Self:
        columns = [column.name for block in self.blocks for column in block.columns]
        patterns = [row.name for row in self.rows]
        for number in self.reported:
            if number.column not in columns:
                raise ValueError(_unknown("column", number.column, columns))
            if not any(_names(pattern, number.row) for pattern in patterns):
                raise ValueError(_unknown("row", number.row, patterns))
        return self

    def number(self, row: str, column: str) -> Reported | None:
        """The reported number of a cell."""
        return next((n for n in self.reported if (n.row, n.column) == (row, column)), None)


class Paper(Entry):
    """A paper's tables by their numbers, such as "1" or "figure3"."""

    name: str
    title: str
    arxiv: str
    tables: dict[str, PaperTable]


def _names(pattern: str, row: str) -> bool:
    before, braces, after = pattern.partition("{}")
    return row == pattern or bool(braces and row.startswith(before) and row.endswith(after))


def _unknown(kind: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"{name!r} is no {kind} of this table; did you mean {near[0]!r}?"


@cache
def load_papers() -> dict[str, Paper]:
    """Name → paper. Raises RatchetError with the file and the entry that is wrong."""
    papers = [load_paper(file) for file in sorted(FOLDER.glob("*.yaml"))]
    order = ["sipf", "step-kto", "gsi"]
    rank = {name: number for number, name in enumerate(order)}
    return {p.name: p for p in sorted(papers, key=lambda p: (rank.get(p.name, len(rank)), p.name))}


def load_paper(file: Path) -> Paper:
    """One paper's file."""
    try:
        return Paper.model_validate(yaml.safe_load(file.read_text()))
    except yaml.YAMLError as error:
        raise RatchetError(f"{file.name} is not valid YAML: {error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        reason = fault["msg"].removeprefix("Value error, ")
        raise RatchetError(f"{file.name}: {where}: {reason}") from error


def find_table(name: str) -> PaperTable:
    """The table that "PAPER/TABLE" names. Raises RatchetError with the nearest names."""
    known = {
        f"{paper.name}/{number}": table
        for paper in load_papers().values()
        for number, table in paper.tables.items()
    }
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.3) or list(known)[:3]
        raise RatchetError(
            f"there is no table {name}: did you mean {', '.join(near)}? "
            "`ratchet reproduce` lists them"
        )
    if not known[name].has_layout:
        raise RatchetError(
            f"{name}: {known[name].title}: add its rows and columns to its paper's file in {FOLDER}"
        )
    return known[name]
