"""Each cell of a table with our number, the paper's, and why they can't be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.explore.reproduce.cell_values import Value, unit
from stages.explore.reproduce.paper_tables import PaperTable, Reported
from stages.explore.reproduce.run_search import Found
from stages.explore.reproduce.table_layout import Cell, Layout, changed_settings

NOT_ON_FILE = "not on file"


@dataclass(frozen=True)
class Comparison:
    """absent: why there is no number of ours; reason: why the two can't be compared, or ""."""

    cell: Cell
    ours: Value | None
    absent: str
    theirs: Reported | None
    reason: str
    revisions: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """Flat, for JSON and Parquet."""
        value = self.ours
        return {
            "row": self.cell.row,
            "column": self.cell.column.name,
            "measure": self.cell.column.measure,
            "unit": unit(self.cell.column.measure),
            "iteration": value.iteration if value else None,
            "ours": value.value if value else None,
            "low": value.low if value else None,
            "high": value.high if value else None,
            "n": value.n if value else None,
            "spread": value.spread if value else None,
            "n_seeds": value.n_seeds if value else 0,
            "theirs": self.theirs.value if self.theirs else None,
            "source": self.theirs.source if self.theirs else None,
            "comparable": not self.reason,
            "reason": self.reason or None,
            "revisions": ", ".join(self.revisions) or None,
        }


def compare_cells(
    table: PaperTable,
    layout: Layout,
    values: Mapping[Cell, Value],
    found: Sequence[Found],
    given: list[str],
) -> list[Comparison]:
    """Every cell of the layout, in its order."""
    state_of = {one.run: one for one in found}
    changed = changed_settings(table, given)
    return [
        _compare(table, cell, values.get(cell), [state_of[run] for run in cell.runs], changed)
        for cell in layout.cells
    ]


def _compare(
    table: PaperTable, cell: Cell, ours: Value | None, found: list[Found], changed: list[str]
) -> Comparison:
    theirs = table.number(cell.row, cell.column_in_paper) if cell.column_in_paper else None
    absent = "" if ours else _why_absent(cell, found)
    others = [f"other {' '.join(changed)}"] if changed else []
    reasons = [
        *([f"not run: {absent}"] if absent else []),
        *others,
        *([f"the paper's number is {NOT_ON_FILE}"] if not theirs and not others else []),
    ]
    revisions = tuple(one.revision for one in found if one.state == "there")
    return Comparison(cell, ours, absent, theirs, "; ".join(reasons), revisions)


def _why_absent(cell: Cell, found: list[Found]) -> str:
    """A word or two on why a cell has no number of ours."""
    if not found:
        return cell.absent
    states = {one.state for one in found}
    if states == {"there"}:
        return "no value"
    return next(s for s in ("impossible", "failed", "queued", "missing") if s in states)
