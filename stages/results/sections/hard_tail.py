"""Section on the tail: the hard problems, what guidance adds, and how the data narrow."""

from itertools import groupby
from typing import Any

from schemas import views
from stages.results.charts.bars import Figure, bars
from stages.results.charts.lines import Point, Series, lines
from stages.results.sections.section import Grid, Section, count, level_name, percent

Rows = list[dict[str, Any]]
ABOUT = (
    "A problem is in the tail while its solve rate is below guide.tail_below. Right samples (all, "
    "or only the unguided ones) have narrowed if a smaller share of them than of the gold data is "
    "at or above gold's 80th percentile of a measure; distance is the Wasserstein-1 distance "
    "between the two. Short-cut: steps of a right sample minus steps of the gold rationale. "
    "Spurious: right answers with a wrong step, among those judged. Leakage: the share of a text "
    "that its hint contained. Gold: rationales given where no draw was right; they are not draws, "
    "and no other table here counts them."
)


def tail(connection: Any) -> Section | None:
    """Solve rates, coverage by level, narrowing and strategies."""
    level_rows = views.ask(connection, "from tail order by iteration, level")
    if not level_rows:
        return None
    last = max(row["iteration"] for row in level_rows)
    rates = views.ask(connection, "from solve_rates order by level, bin")
    narrowing = views.ask(connection, "from narrowing order by measure, data desc, iteration")
    strategies = views.ask(connection, "from strategies order by iteration, strategy")
    if not {row["strategy"] for row in strategies} - {"unguided", "imported"}:
        narrowing = [row for row in narrowing if row["data"] == "all"]  # both are the same
    figures = histograms([row for row in rates if row["iteration"] == last], last)
    figures += [coverage(level_rows), *narrowing_figures(narrowing)]
    grids = [tail_grid(level_rows), narrowing_grid(narrowing), strategy_grid(strategies)]
    return Section("tail", "The tail", ABOUT, figures, [grid for grid in grids if grid.rows])


def histograms(rows: Rows, iteration: int) -> list[Figure]:
    """Problems by solve rate, stacked by level; also after guidance if it changed anything."""
    counts = {
        moment: {(r["level"], r["bin"]): r["n_problems"] for r in rows if r["moment"] == moment}
        for moment in ("before", "after")
    }
    levels = list(dict.fromkeys(row["level"] for row in rows))
    bins = [f"{0.1 * number:.1f}" for number in range(10)]
    moments = ["before", "after"] if counts["before"] != counts["after"] else ["before"]
    return [
        bars(
            f"Solve rates in iteration {iteration} {moment} guidance",
            bins,
            [(level_name(v), [counts[moment].get((v, b), 0) for b in range(10)]) for v in levels],
            "solve rate, from",
            "problems",
        )
        for moment in moments
        if counts[moment]
    ]


def coverage(rows: Rows) -> Figure:
    """Coverage: one line for each level."""
    levels = list(dict.fromkeys(row["level"] for row in rows))
    series = [
        Series(
            level_name(level),
            [Point(r["iteration"], r["coverage"]) for r in rows if r["level"] == level],
            colour,
        )
        for colour, level in enumerate(levels)
    ]
    title = "Coverage by level"
    return lines(title, series, "iteration", "solved (% of problems)", percent=True)


def narrowing_figures(rows: Rows) -> list[Figure]:
    """For each measure, the share of the self-generated data that is in gold's tail."""
    figures = []
    for measure, group in groupby(rows, lambda row: row["measure"]):
        own = [row for row in group if row["self_tail"] is not None]
        series = [
            Series(
                name,
                [Point(r["iteration"], r["self_tail"]) for r in own if r["data"] == name],
                colour,
            )
            for colour, name in enumerate(("unguided", "all"))
        ]
        gold = [Point(r["iteration"], r["gold_tail"]) for r in own if r["data"] == "all"]
        series = [*series, Series("gold", gold, 2, dashed=True)]
        series = [one for one in series if one.points]
        if series:
            title = f"Right samples in gold's tail by {measure}"
            figures.append(lines(title, series, "iteration", "in the tail (%)", percent=True))
    return figures


def tail_grid(rows: Rows) -> Grid:
    """The tail before and after guidance."""
    cells = [
        [row["iteration"], level_name(row["level"]), count(row["n_problems"]),
         count(row["n_tail_before"]), count(row["n_tail_after"]), percent(row["coverage"])]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "level", "problems", "tail before", "tail after", "coverage"]
    return Grid(heads, cells)


def narrowing_grid(rows: Rows) -> Grid:
    """The numbers of narrowing."""
    cells = [
        [row["measure"], row["data"], row["iteration"], count(row["n_self"]),
         _number(row["self_mean"]), _number(row["gold_mean"]), _number(row["distance"]),
         percent(row["self_tail"]), percent(row["gold_tail"])]
        for row in rows if row["n_self"]
    ]  # fmt: skip
    heads = ["measure", "right samples", "iteration", "n", "mean", "gold mean", "distance"]
    return Grid([*heads, "in the tail", "gold in the tail"], cells)


def strategy_grid(rows: Rows) -> Grid:
    """What each strategy cost and achieved."""
    cells = [
        [row["iteration"], row["strategy"], count(row["n_problems"]), count(row["n_draws"]),
         count(row["n_correct"]), count(row["n_solved"]), count(row["n_tokens"]),
         percent(row["revealed_mean"]), _number(row["shortcut_mean"]), _spurious_share(row),
         percent(row["leakage_mean"])]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "strategy", "problems", "draws", "right", "solved", "tokens"]
    return Grid([*heads, "revealed", "short-cut", "spurious", "leakage"], cells)


def _spurious_share(row: dict[str, Any]) -> str:
    if not row["n_judged"]:
        return ""
    return f"{count(row['n_spurious'])} ({percent(row['n_spurious'] / row['n_judged'])})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"
