"""Section on length and perplexity of self-generated texts and gold (GSI §4)."""

from itertools import groupby
from typing import Any

from stages.results import queries
from stages.results.charts.figure import Figure
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Rows, Source
from stages.results.sections.section import Grid, Section, count

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
    asked = queries.source(connection, "texts", shares=SHARES)
    if not asked.rows:
        return None
    figures = [
        distribution(measure, list(group))
        for measure, group in groupby(asked.rows, lambda row: row["measure"])
    ]
    return Section("texts", "Length and perplexity", ABOUT, figures, [texts_grid(asked)])


def distribution(measure: str, rows: Rows) -> Figure:
    """Cumulative shares of texts by a measure, for the first and last iteration and gold."""
    iterations = [row["iteration"] for row in rows if row["iteration"] is not None]
    ends = sorted({min(iterations), max(iterations)}) if iterations else []
    series = [
        Series(_name(iteration), _curve(rows, iteration), number, dashed=iteration is None)
        for number, iteration in enumerate([*ends, None])
    ]
    series = [one for one in series if one.points]
    title = f"Texts by {measure}"
    return lines(title, series, UNITS[measure], "at most this (% of texts)", True, False)


def _curve(rows: Rows, iteration: int | None) -> list[Point]:
    return [Point(row["value"], row["share"]) for row in rows if row["iteration"] == iteration]


def _name(iteration: int | None) -> str:
    return "gold" if iteration is None else f"iteration {iteration}"


def texts_grid(asked: Source) -> Grid:
    """The median and the 10th and 90th percentiles, for every iteration."""
    cells = []
    keys = ("measure", "iteration")
    for (measure, iteration), group in groupby(asked.rows, lambda r: tuple(r[k] for k in keys)):
        own = list(group)
        values = {row["share"]: row["value"] for row in own}
        shown = [f"{values[share]:,.2f}" for share in TABLE_SHARES]
        cells.append([measure, _name(iteration), count(own[0]["n"]), *shown])
    heads = ["measure", "texts of", "n", "10th percentile", "median", "90th percentile"]
    return Grid(heads, cells, asked, "Quantiles")
