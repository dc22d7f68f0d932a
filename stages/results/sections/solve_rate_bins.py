"""How many problems have which solve rate, in bins that fit the number of draws."""

from stages.results.charts.bars import bars
from stages.results.charts.figure import Figure
from stages.results.queries import Rows, Source
from stages.results.sections.section import Grid, count, level_name

MOST_BINS = 12
Key = tuple[int | None, int]


def histograms(rows: Rows, iteration: int) -> list[Figure]:
    """Problems by solve rate, stacked by level; also after guidance if it changed anything."""
    figures = []
    for moment in moments(rows):
        own = [row for row in rows if row["moment"] == moment]
        levels = list(dict.fromkeys(row["level"] for row in own))
        names, counts = bins(own)
        stacks = [
            (level_name(level), [counts.get((level, n), 0) for n in range(len(names))])
            for level in levels
        ]
        title = f"Solve rates in iteration {iteration} {moment} guidance"
        label = "right draws" if " of " in names[0] else "right draws (%)"
        figures.append(bars(title, names, stacks, label, "problems", ordered=True))
    return figures


def moments(rows: Rows) -> list[str]:
    """Before guidance, and after it if that differs."""
    counts = {
        moment: [list(row.values())[1:] for row in rows if row["moment"] == moment]
        for moment in ("before", "after")
    }
    wanted = ["before", "after"] if counts["before"] != counts["after"] else ["before"]
    return [moment for moment in wanted if counts[moment]]


def bins(rows: Rows) -> tuple[list[str], dict[Key, int]]:
    """The bins' names, and the problems in each (level, bin).

    If all problems have the same few draws, each number of right ones is a bin; else each tenth.
    """
    drawn = {row["n_drawn"] for row in rows}
    k = max(drawn)
    exact = len(drawn) == 1 and k < MOST_BINS
    counts: dict[Key, int] = {}
    for row in rows:
        tenth = min(9, 10 * row["n_correct"] // row["n_drawn"])
        key = row["level"], row["n_correct"] if exact else tenth
        counts[key] = counts.get(key, 0) + row["n_problems"]
    if exact:
        return [f"{n} of {k}" for n in range(k + 1)], counts
    return [f"{10 * n}–{10 * n + 10}" for n in range(10)], counts


def histogram_grids(rates: Source) -> list[Grid]:
    """The numbers of the histograms: a table for each moment, a row for each level."""
    grids = []
    for moment in moments(rates.rows):
        own = [row for row in rates.rows if row["moment"] == moment]
        names, counts = bins(own)
        cells = [
            [level_name(level), *(count(counts.get((level, n), 0)) for n in range(len(names)))]
            for level in dict.fromkeys(row["level"] for row in own)
        ]
        title = f"Problems by right draws, {moment} guidance"
        grids.append(Grid(["level", *names], cells, rates, title))
    return grids
