"""`ratchet reproduce`: lists the papers' tables, says what one needs, runs it, and prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import RatchetError
from stages.explore.output import dumps
from stages.explore.reproduce import compared_settings, missing_text, table_files
from stages.explore.reproduce.cell_values import read_runs
from stages.explore.reproduce.measured_sharing import measure_sharing
from stages.explore.reproduce.paper_tables import PaperTable, find_table, load_papers
from stages.explore.reproduce.run_missing import queue_missing, run_missing
from stages.explore.reproduce.run_search import Candidate, Found, candidates, search
from stages.explore.reproduce.side_by_side import compare_cells
from stages.explore.reproduce.table_layout import Layout, changed_settings, lay_out
from stages.explore.reproduce.table_text import print_table
from stages.results import terminal
from stages.results.sections.section import Grid, Section


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for besides the table."""

    given: list[str]
    run: bool = False
    jobs: int = 1
    queue: bool = False
    probe: bool = False
    as_json: bool = False
    parquet: Path | None = None
    html: Path | None = None


def start(name: str | None, wanted: Wanted) -> int:
    """Lists the tables, all or a paper's, or shows the one that is named; returns the exit code."""
    if name is not None and name not in load_papers():
        return reproduce(name, wanted)
    if wanted != Wanted([]):
        raise RatchetError("options need a table: `ratchet reproduce` lists them")
    list_tables(name)
    return 0


def list_tables(paper: str | None) -> None:
    """Prints every table, or one paper's, with its runs and reported numbers."""
    among = candidates()
    rows = [
        [f"{of.name}/{number}", table.title, *_counts(table, among)]
        for of in load_papers().values()
        for number, table in of.tables.items()
        if paper in (None, of.name)
    ]
    console = terminal.console()
    console.print(terminal.table(["table", "title", "runs", "numbers"], rows))
    if not terminal.results_only():
        console.print("runs: there / needed; numbers: of the paper, on file", style="dim")


def _counts(table: PaperTable, among: Sequence[Candidate]) -> list[str]:
    """[runs, numbers]; only runs that have the name of one here are looked at more closely."""
    numbers = str(len(table.reported) or len(table.compared) or "")
    if not table.blocks:
        return ["", numbers]
    runs = lay_out(table, []).runs()
    likely = [run for run in runs if any(run.choices.items() <= c.choices.items() for c in among)]
    n_there = sum(one.state == "there" for one in search(likely, among))
    return [f"{n_there} / {len(runs)}", numbers]


def reproduce(name: str, wanted: Wanted) -> int:
    """Shows one table and does what is wanted; returns the exit code.

    Raises RatchetError for an unknown table, or a setting that can't be used.
    """
    table = find_table(name)
    if table.compared:
        _show_settings(name, table, wanted)
        return 0
    layout = lay_out(table, wanted.given)
    found = search(layout.runs(), candidates())
    code = 0
    if wanted.run:
        code = make_runs(found, wanted.jobs)
        found = search(layout.runs(), candidates())
    if not wanted.as_json:
        missing_text.show_runs(name, table, found, wanted.given, wanted.probe)
    if wanted.queue:
        queue_missing(found)
    _show_table(name, table, layout, found, wanted)
    return code


def make_runs(found: Sequence[Found], jobs: int) -> int:
    """Makes what is missing, `jobs` at once; 1 if anything could not be made."""
    impossible = [one for one in found if one.state == "impossible"]
    failed = run_missing(found, jobs)
    return int(bool(failed or impossible))


def _show_table(
    name: str, table: PaperTable, layout: Layout, found: Sequence[Found], wanted: Wanted
) -> None:
    """Prints the table if any of its runs is there, and writes the files that are asked for."""
    readings = read_runs(layout, found)
    for line in readings.notes:
        terminal.note(line)
    comparisons = compare_cells(table, layout, readings.values, found, wanted.given)
    changed = changed_settings(table, wanted.given)
    rows = table_files.rows(name, comparisons)
    if wanted.as_json:
        print(dumps(rows))
    elif readings.costs:
        print_table(layout, comparisons, changed, f"{name}: {table.title}")
        if not terminal.results_only():
            terminal.console().print(measure_sharing(readings.costs).text)
    if wanted.parquet:
        table_files.write_rows(rows, wanted.parquet)
    if wanted.html:
        made = table_files.section(name, table, layout, comparisons, changed)
        table_files.add_to_page(made, wanted.html)


def _show_settings(name: str, table: PaperTable, wanted: Wanted) -> None:
    """A table of settings needs no run."""
    if wanted.run or wanted.queue:
        raise RatchetError(f"{name} compares settings: there is nothing to run")
    rows = compared_settings.compare_settings(table, wanted.given)
    heads, texts = list(compared_settings.HEADS), compared_settings.cells(rows)
    if wanted.as_json:
        print(dumps(rows))
    else:
        terminal.console().print(terminal.table(heads, texts, f"{name}: {table.title}"))
    if wanted.parquet:
        table_files.write_settings(rows, wanted.parquet)
    if wanted.html:
        title = f"{name}: {table.title}"
        made = Section(name.replace("/", "-"), title, table.about, grids=[Grid(heads, texts)])
        table_files.add_to_page(made, wanted.html)
