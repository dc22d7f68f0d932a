"""Sections on coverage and its budget, and on the data that models were trained on."""

from typing import Any

from stages.results import queries
from stages.results.charts.bars import bars
from stages.results.charts.figure import Figure
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Rows, Source
from stages.results.sections.section import (
    Grid,
    Section,
    change,
    count,
    percent,
    share_of,
    share_point,
    with_noun,
)


def coverage(connection: Any) -> Section | None:
    """Problems solved, and the draws spent by each strategy."""
    asked = queries.source(connection, "iterations")
    rows = [row for row in asked.rows if row["n_draws"]]
    if not rows:
        return None
    query = "from strategies where strategy != 'gold' order by iteration, strategy"
    budget = queries.source(connection, query)
    figures = [coverage_figure(rows), *_budget_figures(budget.rows)]
    grids = [_coverage_grid(rows, asked), _budget_grid(budget)]
    gist = f"solved in the iteration: {change([row['coverage'] for row in rows])}"
    return Section("coverage", "Coverage and budget", "", figures, grids, gist)


def coverage_figure(rows: Rows) -> Figure:
    """Problems solved in each iteration, and in any so far."""
    solved = [share_point(r["iteration"], r["n_solved"], r["n_problems"]) for r in rows]
    ever = [Point(row["iteration"], row["coverage_so_far"]) for row in rows]
    series = [Series("in the iteration", solved), Series("so far", ever, 1, dashed=True)]
    title = "Coverage: problems solved at least once"
    return lines(title, series, "iteration", "solved (% of problems)", percent=True)


def _coverage_grid(rows: Rows, source: Source) -> Grid:
    cells = [
        [row["iteration"], count(row["n_problems"]), share_of(row["n_solved"], row["n_problems"]),
         percent(row["coverage_so_far"]), count(row["n_draws"]),
         percent(row["n_draws_correct"] / row["n_draws"])]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "problems", "solved", "solved so far", "draws", "right draws"]
    return Grid(heads, cells, source, "Problems solved")


def _budget_figures(budget: Rows) -> list[Figure]:
    iterations = sorted({row["iteration"] for row in budget})
    draws = {(row["strategy"], row["iteration"]): row["n_draws"] for row in budget}
    stacks = [
        (strategy, [draws.get((strategy, i), 0) for i in iterations])
        for strategy in sorted({s for s, _ in draws}, key=lambda s: (s != "unguided", s))
    ]
    names = [str(i) for i in iterations]
    title = "Draws by strategy"
    return [bars(title, names, stacks, "iteration", "completions drawn")] if stacks else []


def _budget_grid(budget: Source) -> Grid:
    """Draws, right draws and tokens of each strategy."""
    cells = [
        [row["iteration"], row["strategy"], count(row["n_draws"]), count(row["n_correct"]),
         percent(row["n_correct"] / row["n_draws"]), count(row["n_tokens"])]
        for row in budget.rows
    ]  # fmt: skip
    heads = ["iteration", "strategy", "draws", "right", "share right", "tokens"]
    return Grid(heads, cells, budget, "Draws by strategy")


COLUMNS = {
    "draws": "n_draws", "right draws": "n_draws_correct", "tokens": "n_tokens",
    "paths": "n_paths", "right paths": "n_paths_correct", "steps labelled": "n_steps_labelled",
    "rollouts": "n_rollouts", "corrections": "n_corrections", "pairs": "n_pairs",
    "examples": "n_examples", "undesired": "n_undesired",
}  # fmt: skip


def data(connection: Any) -> Section | None:
    """Paths found and training rows made, by iteration."""
    asked = queries.source(connection, "iterations")
    if not asked.rows:
        return None
    cells = [[row["iteration"], *(count(row[n]) for n in COLUMNS.values())] for row in asked.rows]
    grid = Grid(["iteration", *COLUMNS], cells, asked, "Data sizes")
    last = asked.rows[-1]
    gist = f"{with_noun(last['n_pairs'], 'pair')} and {with_noun(last['n_examples'], 'example')}"
    gist += " in the last iteration"
    return Section("data", "Data sizes", "", _size_figures(asked.rows), [grid], gist)


def _size_figures(rows: Rows) -> list[Figure]:
    pairs, examples, undesired = (
        [row[n] for row in rows] for n in ("n_pairs", "n_examples", "n_undesired")
    )
    desired = [n - m for n, m in zip(examples, undesired, strict=True)]
    stacks = [("pairs", pairs), ("examples", desired)]
    if any(undesired):
        stacks.append(("undesired examples", undesired))
    names = [str(row["iteration"]) for row in rows]
    figures = [bars("Training rows", names, stacks, "iteration", "rows")]
    with_paths = [row for row in rows if row["n_paths"]]
    if with_paths:
        right = [row["n_paths_correct"] for row in with_paths]
        wrong = [row["n_paths"] - row["n_paths_correct"] for row in with_paths]
        stacks = [("right answer", right), ("wrong answer", wrong)]
        names = [str(row["iteration"]) for row in with_paths]
        figures.append(bars("Distinct paths", names, stacks, "iteration", "paths"))
    return figures
