"""Section on the tail: the hard problems, what guidance adds, and how the data narrow."""

from itertools import groupby
from typing import Any

from stages.results import queries
from stages.results.charts.figure import Figure, shade
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Rows, Source
from stages.results.sections.section import (
    Grid,
    Section,
    count,
    level_name,
    percent,
    share_of,
    share_point,
)
from stages.results.sections.solve_rate_bins import histogram_grids, histograms

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
    levels = queries.source(connection, "from tail order by iteration, level")
    if not levels.rows:
        return None
    last = max(row["iteration"] for row in levels.rows)
    rates = queries.source(connection, "solved_of_k", iteration=last)
    query = "from narrowing order by measure, data desc, iteration"
    narrowing = queries.source(connection, query)
    strategies = queries.source(connection, "from strategies order by iteration, strategy")
    if not {row["strategy"] for row in strategies.rows} - {"unguided", "imported"}:
        same = [row for row in narrowing.rows if row["data"] == "all"]  # the other is equal
        narrowing = narrowing._replace(rows=same)
    figures = [*histograms(rates.rows, last), coverage(levels.rows)]
    figures += narrowing_figures(narrowing.rows)
    grids = [tail_grid(levels), *histogram_grids(rates)]
    grids += [narrowing_grid(narrowing), strategy_grid(strategies)]
    own = [row for row in levels.rows if row["iteration"] == last]
    n_tail, n = (sum(row[name] for row in own) for name in ("n_tail_after", "n_problems"))
    gist = f"{count(n_tail)} of {count(n)} problems in the last iteration"
    return Section("tail", "The tail", ABOUT, figures, [g for g in grids if g.rows], gist)


def coverage(rows: Rows) -> Figure:
    """Coverage: one line for each level."""
    levels = list(dict.fromkeys(row["level"] for row in rows))
    series = [
        Series(
            level_name(level),
            [
                share_point(row["iteration"], row["n_solved"], row["n_problems"])
                for row in rows
                if row["level"] == level
            ],
            number,
            shade=shade(number, len(levels)),
        )
        for number, level in enumerate(levels)
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
                number,
            )
            for number, name in enumerate(("unguided", "all"))
        ]
        gold = [Point(r["iteration"], r["gold_tail"]) for r in own if r["data"] == "all"]
        series = [*series, Series("gold", gold, 2, dashed=True)]
        series = [one for one in series if one.points]
        if series:
            title = f"Right samples in gold's tail by {measure}"
            figures.append(lines(title, series, "iteration", "in the tail (%)", percent=True))
    return figures


def tail_grid(levels: Source) -> Grid:
    """The tail before and after guidance."""
    cells = [
        [row["iteration"], level_name(row["level"]), count(row["n_problems"]),
         count(row["n_tail_before"]), count(row["n_tail_after"]),
         share_of(row["n_solved"], row["n_problems"])]
        for row in levels.rows
    ]  # fmt: skip
    heads = ["iteration", "level", "problems", "tail before", "tail after", "solved"]
    return Grid(heads, cells, levels, "The tail by level")


def narrowing_grid(narrowing: Source) -> Grid:
    """The numbers of narrowing."""
    cells = [
        [row["measure"], row["data"], row["iteration"], count(row["n_self"]),
         _number(row["self_mean"]), _number(row["gold_mean"]), _number(row["distance"]),
         percent(row["self_tail"]), percent(row["gold_tail"])]
        for row in narrowing.rows if row["n_self"]
    ]  # fmt: skip
    heads = ["measure", "right samples", "iteration", "n", "mean", "gold mean", "distance"]
    heads += ["in the tail", "gold in the tail"]
    return Grid(heads, cells, narrowing, "Narrowing against gold")


def strategy_grid(strategies: Source) -> Grid:
    """What each strategy cost and achieved."""
    cells = [
        [row["iteration"], row["strategy"], count(row["n_problems"]), count(row["n_draws"]),
         count(row["n_correct"]), count(row["n_solved"]), count(row["n_tokens"]),
         percent(row["revealed_mean"]), _number(row["shortcut_mean"]), _spurious_share(row),
         percent(row["leakage_mean"])]
        for row in strategies.rows
    ]  # fmt: skip
    heads = ["iteration", "strategy", "problems", "draws", "right", "solved", "tokens"]
    heads += ["revealed", "short-cut", "spurious", "leakage"]
    return Grid(heads, cells, strategies, "Strategies")


def _spurious_share(row: dict[str, Any]) -> str:
    if not row["n_judged"]:
        return ""
    return f"{count(row['n_spurious'])} ({percent(row['n_spurious'] / row['n_judged'])})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"
