"""Section on length and perplexity of self-generated texts and gold (GSI §4)."""

from itertools import groupby
from typing import Any

from stages.results import queries
from stages.results.charts.bars import Figure
from stages.results.charts.lines import Point, Series, lines
from stages.results.sections.section import Grid, Section, count

Rows = list[dict[str, Any]]
SHARES = [n / 20 for n in range(1, 20)]
TABLE_SHARES = (0.1, 0.5, 0.9)
UNITS = {"length": "tokens of the reference model", "perplexity": "perplexity per token"}
ABOUT = (
    "Right kept paths compared with the gold rationales of the problems asked; each text that "
    "stage perplexity measured counts once. A line further left means shorter or less surprising "
    "texts."
)


def texts(connection: Any) -> Section | None:
    """Distributions of length and perplexity."""
    rows = queries.ask(connection, "texts", shares=SHARES)
    if not rows:
        return None
    figures = [
        distribution(measure, list(group))
        for measure, group in groupby(rows, lambda row: row["measure"])
    ]
    return Section("texts", "Length and perplexity", ABOUT, figures, [texts_grid(rows)])


def distribution(measure: str, rows: Rows) -> Figure:
    """Cumulative shares of texts by a measure, for the first and last iteration and gold."""
    iterations = [row["iteration"] for row in rows if row["iteration"] is not None]
    ends = sorted({min(iterations), max(iterations)}) if iterations else []
    series = [
        Series(_name(iteration), _curve(rows, iteration), colour, dashed=iteration is None)
        for colour, iteration in enumerate([*ends, None])
    ]
    series = [one for one in series if one.points]
    title = f"Texts by {measure}"
    return lines(title, series, UNITS[measure], "at most this (% of texts)", True, whole=False)


def _curve(rows: Rows, iteration: int | None) -> list[Point]:
    return [Point(row["value"], row["share"]) for row in rows if row["iteration"] == iteration]


def _name(iteration: int | None) -> str:
    return "gold" if iteration is None else f"iteration {iteration}"


def texts_grid(rows: Rows) -> Grid:
    """The median and the 10th and 90th percentiles, for every iteration."""
    cells = []
    for (measure, iteration), group in groupby(rows, lambda r: (r["measure"], r["iteration"])):
        own = list(group)
        values = {row["share"]: row["value"] for row in own}
        shown = [f"{values[share]:,.2f}" for share in TABLE_SHARES]
        cells.append([measure, _name(iteration), count(own[0]["n"]), *shown])
    return Grid(["measure", "texts of", "n", "10th percentile", "median", "90th percentile"], cells)
