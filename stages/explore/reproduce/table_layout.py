"""A table's cells under the user's settings: which run each reads, and which iteration of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schemas.errors import RatchetError
from stages.explore.reproduce.needed_runs import NeededRun, merge, split
from stages.explore.reproduce.paper_tables import Column, PaperTable, Row
from stages.pipeline.loop import LONGEST

NEUTRAL = ("seed", "engine", "compute", "report", "iteration")
"""Sections whose settings leave a number comparable with the paper's."""
Shown = int | str  # an iteration's number, or "best"


@dataclass(frozen=True)
class Cell:
    """One number: our runs, one for each seed, and the iteration that is read from them.

    column_in_paper: the column's name in the paper's table; None on another task. absent: why no
    run is needed.
    """

    row: str
    column: Column
    block: int
    iteration: Shown
    runs: tuple[NeededRun, ...]
    column_in_paper: str | None
    absent: str


@dataclass(frozen=True)
class Layout:
    """The cells by row, block and column, in the paper's order."""

    rows: list[str]
    blocks: list[list[Column]]
    cells: list[Cell]

    def runs(self) -> list[NeededRun]:
        """Every run that the cells need, once."""
        return list(dict.fromkeys(run for cell in self.cells for run in cell.runs))


@dataclass(frozen=True)
class _Block:
    settings: list[str]
    columns: list[tuple[Column, str | None]]  # and the column's name in the paper's table


def lay_out(table: PaperTable, given: list[str]) -> Layout:
    """The cells. Raises RatchetError for a setting that can't be used here."""
    own = merge(given)
    if "recipe" in own:
        raise RatchetError("the table's rows choose the recipe: leave out -S recipe=")
    blocks, rows, cells = _blocks(table, own), [], []
    for row in table.rows:
        for name, iteration in _shown_iterations(table, row, own):
            rows.append(name)
            for number, block in enumerate(blocks):
                runs, absent = _runs(table, block, row, iteration, own)
                for column, in_paper in block.columns:
                    shown = column.model_copy(update={"suite": row.suite}) if row.suite else column
                    cells.append(Cell(name, shown, number, iteration, runs, in_paper, absent))
    names = [[column for column, _ in block.columns] for block in blocks]
    return Layout(rows, names, _with_last_iterations(cells))


def _blocks(table: PaperTable, own: dict[str, str]) -> list[_Block]:
    """The table's, or those of the task that is set; on another task each measure once."""
    task = own.get("task")
    listed = [b for b in table.blocks if task in (None, *table.settings, *b.settings)]
    if listed:
        return [_Block(b.settings, [(c, c.name) for c in b.columns]) for b in listed]
    blocks, known = [], set()
    for block in table.blocks:
        settings = [text for text in block.settings if split(text)[0] != "task"]
        keep = settings == block.settings and len(block.columns) == 1
        columns = []
        for column in (_by_domain(column, split(str(task))[1], keep) for column in block.columns):
            if (*settings, column) not in known:
                known.add((*settings, column))
                columns.append((column, None))
        if columns:
            blocks.append(_Block(settings, list(columns)))
    return blocks


def _by_domain(column: Column, task: str, keep: bool) -> Column:
    """A column on another task: all its suites in or out of domain, in place of the paper's."""
    if column.suite is None:
        return column
    name = column.name
    if column.measure == "accuracy" and not keep:
        suffix = " out of domain" if column.domain == "out" else ""
        name = f"{task}{suffix}{', Maj@k' if column.mode == 'vote' else ''}"
    return column.model_copy(update={"suite": None, "name": name})


def _shown_iterations(
    table: PaperTable, row: Row, own: dict[str, str]
) -> Iterator[tuple[str, Shown]]:
    """(name, iteration) of each row that an entry stands for."""
    last = _last_iteration(table, row, own)
    if row.iteration == "each":
        yield from ((row.name.format(k), k) for k in range(row.start, last + 1))
    else:
        yield row.name, last if row.iteration == "last" else row.iteration


def _last_iteration(table: PaperTable, row: Row, own: dict[str, str]) -> int:
    """The run's last: the user's or the table's, but no more than the row ever needs."""
    chosen = [merge(table.settings, own.values()), merge(row.settings)]
    numbers = [split(settings["iteration"])[1] for settings in chosen if "iteration" in settings]
    for text in numbers:
        if not text.isdigit() or not 1 <= int(text) <= LONGEST:
            raise RatchetError(f"-S iteration={text}: set a number from 1 to {LONGEST}")
    own_or_more = numbers if "iteration" in own else numbers[-1:]
    return min(map(int, own_or_more), default=1)


def _runs(
    table: PaperTable, block: _Block, row: Row, iteration: Shown, own: dict[str, str]
) -> tuple[tuple[NeededRun, ...], str]:
    """The run of each seed, or none and why."""
    last = _last_iteration(table, row, own)
    if isinstance(iteration, int) and iteration > last:
        return (), f"iteration={last}"
    needed = max(iteration, 1) if isinstance(iteration, int) else last
    seeds = split(own.get("seed", "seed=0"))[1].split(",")
    merged = merge(table.settings, block.settings, row.settings, own.values())
    kept = [text for name, text in merged.items() if name not in ("iteration", "seed")]
    return tuple(NeededRun((*kept, f"seed={s}"), needed, table.stage) for s in seeds), ""


def _with_last_iterations(cells: list[Cell]) -> list[Cell]:
    """Cells that differ in the iteration alone read one run, up to the last that any needs."""
    last: dict[tuple[str, ...], int] = {}
    for run in (run for cell in cells for run in cell.runs):
        last[run.settings] = max(run.iteration, last.get(run.settings, 1))
    return [
        replace(cell, runs=tuple(replace(r, iteration=last[r.settings]) for r in cell.runs))
        for cell in cells
    ]


def changed_settings(table: PaperTable, given: list[str]) -> list[str]:
    """The user's settings that make our numbers incomparable with the paper's."""
    own = [*table.settings, *(text for block in table.blocks for text in block.settings)]
    return [
        text
        for text in merge(given).values()
        if text not in own and split(text)[0].split(".")[0] not in NEUTRAL
    ]
