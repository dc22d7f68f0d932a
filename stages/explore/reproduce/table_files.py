"""A reproduced table as a Parquet file, as JSON, or as a section of an HTML page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.errors import RatchetError
from stages.explore.output import temporary_path
from stages.explore.reproduce.cell_values import Value
from stages.explore.reproduce.paper_tables import PaperTable
from stages.explore.reproduce.side_by_side import Comparison
from stages.explore.reproduce.table_layout import Layout
from stages.explore.reproduce.table_text import ours_text, remarks, theirs_text
from stages.results import page
from stages.results.charts.figure import Figure
from stages.results.charts.lines import Point, Series
from stages.results.charts.lines import lines as line_chart
from stages.results.sections.section import Grid, Section

SCHEMA = {
    "table": "String", "row": "String", "column": "String",
    "measure": "String", "unit": "String", "iteration": "Int64", "ours": "Float64",
    "low": "Float64", "high": "Float64", "n": "Int64", "spread": "Float64", "n_seeds": "Int64",
    "theirs": "Float64", "source": "String", "comparable": "Boolean", "reason": "String",
    "revisions": "String",
}  # fmt: skip


def rows(name: str, comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """One row for each cell."""
    return [{"table": name} | comparison.row() for comparison in comparisons]


def write_rows(content: list[dict[str, Any]], file: Path) -> None:
    """Writes the rows as Parquet, all or nothing. Raises RatchetError if it can't be written."""
    import polars as pl

    schema = {name: getattr(pl, kind) for name, kind in SCHEMA.items()}
    _write(file, "--parquet", lambda path: pl.DataFrame(content, schema=schema).write_parquet(path))


def write_settings(content: list[dict[str, Any]], file: Path) -> None:
    """Writes a table of settings as Parquet; ours as text."""
    import polars as pl

    frame = pl.DataFrame([row | {"ours": str(row["ours"])} for row in content])
    _write(file, "--parquet", frame.write_parquet)


def section(
    name: str,
    table: PaperTable,
    layout: Layout,
    comparisons: Sequence[Comparison],
    changed: list[str],
) -> Section:
    """The table as a section: a grid for each block of columns, and a chart of figures."""
    grids = [_grid(layout, comparisons, block, changed) for block in range(len(layout.blocks))]
    lines = [f"{line[0].upper()}{line[1:]}." for line in remarks(comparisons, changed)]
    note = " ".join([table.about, *lines])
    has_chart = table.chart and any(c.ours for c in comparisons)
    figures = [_chart(table.title, comparisons)] if has_chart else []
    return Section(name.replace("/", "-"), f"{name}: {table.title}", note, figures, grids)


def _grid(
    layout: Layout, comparisons: Sequence[Comparison], block: int, changed: list[str]
) -> Grid:
    """A block: ours, and beside it the paper's numbers of a column if it has any text."""
    heads, columns = [""], [layout.rows]
    for column in layout.blocks[block]:
        own = [
            c for c in comparisons if c.cell.block == block and c.cell.column.name == column.name
        ]
        theirs = [theirs_text(c, bool(changed)) for c in own]
        heads += [column.name, "paper"] if any(theirs) else [column.name]
        columns += [[ours_text(c) for c in own], *([theirs] if any(theirs) else [])]
    return Grid(heads, [list(row) for row in zip(*columns, strict=True)])


def _chart(title: str, comparisons: Sequence[Comparison]) -> Figure:
    """A line for each column, by iteration."""
    series = []
    for colour, column in enumerate(dict.fromkeys(c.cell.column.name for c in comparisons)):
        own = [c for c in comparisons if c.cell.column.name == column]
        points = [_point(int(c.cell.iteration), c.ours) for c in own if c.ours]
        series.append(Series(column, points, colour))
    return line_chart(title, series, "iteration", "right answers (% of problems)", percent=True)


def _point(iteration: int, value: Value) -> Point:
    low, high = (None if end is None else end / 100 for end in (value.low, value.high))
    return Point(iteration, value.value / 100, low, high)


def add_to_page(made: Section, file: Path) -> None:
    """Puts the section into a report, in place of an earlier one of its name, or makes a page.

    Raises RatchetError if the file is no report.
    """
    begin, end = (f"<!-- {edge} {made.name} -->" for edge in ("begin", "end"))
    templates = page.environment(Path(__file__).parent)
    template = templates.get_template("section.html")
    text = f"{begin}\n{template.render(section=made)}\n{end}\n"
    before = file.read_text() if file.exists() else templates.get_template("page.html").render()
    if "</main>" not in before:
        raise RatchetError(f"--html {file}: this is no page of Ratchet's: name another file")
    if begin in before:
        pattern = f"{re.escape(begin)}.*?{re.escape(end)}\n"
        after = re.sub(pattern, lambda _: text, before, count=1, flags=re.S)
    else:
        after = before.replace("</main>", f"{text}</main>", 1)
        link = f'<a href="#{made.name}">{made.title.split(":")[0]}</a>\n'
        after = after.replace("</nav>", f"{link}</nav>", 1)
    _write(file, "--html", lambda path: path.write_text(after))


def _write(file: Path, option: str, write: Any) -> None:
    if not file.absolute().parent.is_dir():
        raise RatchetError(f"{option} {file}: there is no folder {file.parent}: create it first")
    temporary = temporary_path(file)
    try:
        write(temporary)
        temporary.replace(file)
    except OSError as error:
        raise RatchetError(f"{option} {file}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
