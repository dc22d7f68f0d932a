"""Our numbers: each cell's measure (cells/MEASURE.sql) over the views of the runs that it reads."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np

from schemas import views
from schemas.errors import RatchetError
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.paper_tables import Column
from stages.explore.reproduce.run_search import Found
from stages.explore.reproduce.table_layout import Cell, Layout
from stages.explore.revisions import open_revision
from stages.measures.intervals import rate_intervals

FOLDER = Path(__file__).parent / "cells"
PARAMETER = re.compile(r"\$(\w+)")
UNITS = {"budget": "draws", "problems": "problems", "narrowing": "", "logprob": "nats"}
COSTS = "select * from costs where stage != 'report' order by iteration, stage"
Row = dict[str, Any]


@dataclass(frozen=True)
class Value:
    """A number in the measure's unit; of a rate its 95% interval too, and the n behind it.

    spread: of several seeds, the sample standard deviation, and then there is no interval.
    """

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    spread: float | None = None
    n_seeds: int = 1
    iteration: int | None = None


def unit(measure: str) -> str:
    """The unit of a measure's numbers."""
    return UNITS.get(measure, "%")


@dataclass(frozen=True)
class Readings:
    """What the runs that are there say: values by cell, cost rows by run, and what went wrong."""

    values: dict[Cell, Value]
    costs: dict[NeededRun, list[Row]]
    notes: list[str]


def read_runs(layout: Layout, found: Sequence[Found]) -> Readings:
    """Reads every run that is there, once; a cell without a value has none."""
    of_cells: dict[Cell, list[Value]] = {}
    costs: dict[NeededRun, list[Row]] = {}
    notes = []
    for one in (one for one in found if one.state == "there"):
        cells = [cell for cell in layout.cells if one.run in cell.runs]
        try:
            with open_revision(one.revision) as revision:
                connection = views.connect(until=one.run.iteration, root=revision.root)
                costs[one.run] = views.ask(connection, COSTS)
                for cell in cells:
                    if value := _cell_value(connection, cell, one.run, layout):
                        of_cells.setdefault(cell, []).append(value)
                connection.close()
        except RatchetError as error:
            notes.append(str(error))
    return Readings({c: _over_seeds(values) for c, values in of_cells.items()}, costs, notes)


def _cell_value(connection: Any, cell: Cell, run: NeededRun, layout: Layout) -> Value | None:
    iteration = cell.iteration
    if not isinstance(iteration, int):
        iteration = _best_iteration(connection, layout.blocks[cell.block][0], run.iteration)
    return measure(connection, cell.column, iteration)


def _best_iteration(connection: Any, column: Column, last: int) -> int:
    """The iteration in which the block's first column is highest."""
    values = {k: measure(connection, column, k) for k in range(1, last + 1)}
    return max(values, key=lambda k: value.value if (value := values[k]) else -math.inf)


def measure(connection: Any, column: Column, iteration: int) -> Value | None:
    """A column's value in an iteration of a run; None without rows.

    A query with a column `suite` has a row for each thing counted, with a value in [0, 1] and the
    family that it is resampled with; suites weigh alike. Any other has one number.
    """
    query = _query(column.measure)
    given = column.model_dump() | {"iteration": iteration}
    parameters = {name: given[name] for name in PARAMETER.findall(query)}
    rows = views.ask(connection, query, **parameters)
    if not rows or rows[0]["value"] is None:
        return None
    if "suite" not in rows[0]:
        return Value(rows[0]["value"], iteration=iteration)
    return _rate(rows, iteration)


@cache
def _query(name: str) -> str:
    file = FOLDER / f"{name}.sql"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.sql")))
        raise RatchetError(f"there is no measure {name}: the papers' files may name {known}")
    return file.read_text()


def _rate(rows: list[dict[str, Any]], iteration: int) -> Value:
    """In %: the mean over suites; their intervals' half widths add up as independent errors."""
    suites: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        suites.setdefault(row["suite"], []).append(row)
    means, below, above = [], 0.0, 0.0
    for own in suites.values():
        values = np.array([[row["value"]] for row in own])
        ((low, high),) = rate_intervals(values, [row["family"] for row in own])
        means.append(float(values.mean()))
        below, above = below + (means[-1] - low) ** 2, above + (high - means[-1]) ** 2
    middle, n = mean(means), len(means)
    return Value(
        100 * middle,
        100 * (middle - math.sqrt(below) / n),
        100 * (middle + math.sqrt(above) / n),
        len(rows),
        iteration=iteration,
    )


def _over_seeds(values: list[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    numbers = [value.value for value in values]
    sizes = [value.n for value in values if value.n is not None]
    n = sum(sizes) if sizes else None
    return Value(mean(numbers), n=n, spread=stdev(numbers), n_seeds=len(values))
