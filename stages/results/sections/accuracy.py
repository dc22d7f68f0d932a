"""Sections on accuracy, coverage and its budget, and the data that models were trained on."""

from itertools import groupby
from typing import Any

from schemas import views
from stages.results import queries
from stages.results.charts.bars import Figure, bars
from stages.results.charts.lines import Point, Series, lines
from stages.results.sections.section import Grid, Section, count, level_name, percent


def accuracy(connection: Any, measured: dict[str, Any]) -> Section | None:
    """Accuracy overall with intervals, by number of draws and by level, for each suite."""
    rows = [
        {"iteration": int(iteration), "suite": suite, "mode": mode} | row
        for iteration, values in measured["iterations"].items()
        for suite, modes in values["suites"].items()
        for mode, row in modes.items()
    ]
    if not rows:
        return None
    levels = views.ask(connection, "from accuracy order by suite, mode, level, iteration")
    figures = [accuracy_figure(rows), *pass_at_k_figures(rows)]
    for suite, group in groupby(levels, lambda row: row["suite"]):
        greedy = [row for row in group if row["mode"] == "greedy"]
        if len({row["level"] for row in greedy}) > 1:
            figures.append(level_figure(greedy, suite))
    return Section("accuracy", "Accuracy", ABOUT_ACCURACY, figures, [accuracy_grid(rows)])


ABOUT_ACCURACY = (
    "Iteration 0 is the model after supervised fine-tuning. Intervals are of 95%: Wilson's for "
    "shares of problems, the bootstrap's for other means. Gain is the difference from iteration 0 "
    "on the same problems, with the p-value of a paired test. Flawed is the share of right answers "
    "in which the reviewer found an unsound step."
)


def accuracy_figure(rows: list[dict[str, Any]]) -> Figure:
    """One line for each suite and mode."""
    series = []
    for colour, name in enumerate(sorted({(row["suite"], row["mode"]) for row in rows})):
        own = [row for row in rows if (row["suite"], row["mode"]) == name]
        points = [
            Point(
                row["iteration"], row["accuracy"], row["low"], row["high"],
                f"{' '.join(name)}: {percent(row['accuracy'])} [{interval(row)}]",
            )
            for row in own
        ]  # fmt: skip
        series.append(Series(", ".join(name), points, colour, dashed=name[1] == "vote"))
    title = "Accuracy by iteration, with 95% intervals"
    return lines(title, series, "iteration", "right answers (% of problems)", percent=True)


def pass_at_k_figures(rows: list[dict[str, Any]]) -> list[Figure]:
    """Pass@k of the first and last iteration: a chart for each suite with several draws."""
    figures = []
    for suite in sorted({row["suite"] for row in rows}):
        own = [r for r in rows if r["suite"] == suite and len(r.get("pass_at", {})) > 1]
        ends = {row["iteration"]: row for row in (own[0], own[-1])} if own else {}
        series = [
            Series(f"iteration {iteration}", pass_at_points(row), colour, dashed=colour > 0)
            for colour, (iteration, row) in enumerate(ends.items())
        ]
        if series:
            title = f"Pass@k, {suite}, with 95% intervals"
            label = "one of k draws right (% of problems)"
            figures.append(lines(title, series, "k (draws)", label, percent=True))
    return figures


def pass_at_points(row: dict[str, Any]) -> list[Point]:
    """Pass@k, by k."""
    return [Point(int(k), r["mean"], r["low"], r["high"]) for k, r in row["pass_at"].items()]


def interval(rate: dict[str, Any]) -> str:
    """A rate's interval."""
    return f"{percent(rate['low'])} to {percent(rate['high'])}"


def level_figure(rows: list[dict[str, Any]], suite: str) -> Figure:
    """Greedy accuracy: one line for each level."""
    series = []
    for colour, (level, group) in enumerate(groupby(rows, lambda row: row["level"])):
        points = [Point(row["iteration"], row["accuracy"]) for row in group]
        series.append(Series(level_name(level), points, colour))
    title = f"Greedy accuracy by level, {suite}"
    return lines(title, series, "iteration", "right answers (% of problems)", percent=True)


def accuracy_grid(rows: list[dict[str, Any]]) -> Grid:
    """The numbers behind the first chart."""
    cells = []
    for row in rows:
        gain = row.get("gain")
        cells.append([
            row["iteration"], row["suite"], row["mode"], row["domain"], count(row["n"]),
            percent(row["accuracy"]), interval(row), percent(gain["mean"]) if gain else "",
            interval(gain) if gain else "", p_value(gain["p"]) if gain else "",
            percent(row["flawed"]), row["flawed_by"] or "",
        ])  # fmt: skip
    heads = ["iteration", "suite", "mode", "domain", "n", "accuracy", "95% interval", "gain"]
    return Grid([*heads, "gain's interval", "p", "flawed", "reviewer"], cells)


def p_value(p: float) -> str:
    """p with three decimals, never zero."""
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def coverage(connection: Any) -> Section | None:
    """Problems solved, and the draws spent by each strategy."""
    rows = [row for row in queries.ask(connection, "iterations") if row["n_draws"]]
    if not rows:
        return None
    solved = Series("in the iteration", [Point(row["iteration"], row["coverage"]) for row in rows])
    points = [Point(row["iteration"], row["coverage_so_far"]) for row in rows]
    ever = Series("so far", points, colour=1, dashed=True)
    title = "Coverage: problems solved at least once"
    figures = [lines(title, [solved, ever], "iteration", "solved (% of problems)", percent=True)]
    query = "from strategies where strategy != 'gold' order by iteration, strategy"
    budget = views.ask(connection, query)
    iterations = sorted({row["iteration"] for row in budget})
    draws = {(row["strategy"], row["iteration"]): row["n_draws"] for row in budget}
    stacks = [
        (strategy, [draws.get((strategy, i), 0) for i in iterations])
        for strategy in sorted({s for s, _ in draws}, key=lambda s: (s != "unguided", s))
    ]
    if stacks:
        names = [str(i) for i in iterations]
        figures.append(bars("Draws by strategy", names, stacks, "iteration", "completions drawn"))
    return Section("coverage", "Coverage and budget", figures=figures, grids=[budget_grid(budget)])


def budget_grid(rows: list[dict[str, Any]]) -> Grid:
    """Draws, right draws and tokens of each strategy."""
    cells = [
        [row["iteration"], row["strategy"], count(row["n_draws"]), count(row["n_correct"]),
         percent(row["n_correct"] / row["n_draws"]), count(row["n_tokens"])]
        for row in rows
    ]  # fmt: skip
    return Grid(["iteration", "strategy", "draws", "right", "share right", "tokens"], cells)


def data(connection: Any) -> Section | None:
    """Paths found and training rows made, by iteration."""
    rows = queries.ask(connection, "iterations")
    if not rows:
        return None
    names = [str(row["iteration"]) for row in rows]
    pairs, examples, undesired = (
        [row[n] for row in rows] for n in ("n_pairs", "n_examples", "n_undesired")
    )
    desired = [n - m for n, m in zip(examples, undesired, strict=True)]
    stacks = [("pairs", pairs), ("examples", desired)]
    if any(undesired):
        stacks.append(("undesired examples", undesired))
    figures = [bars("Training rows", names, stacks, "iteration", "rows")]
    with_paths = [row for row in rows if row["n_paths"]]
    if with_paths:
        right = [row["n_paths_correct"] for row in with_paths]
        wrong = [row["n_paths"] - row["n_paths_correct"] for row in with_paths]
        stacks = [("right answer", right), ("wrong answer", wrong)]
        names = [str(row["iteration"]) for row in with_paths]
        figures.append(bars("Distinct paths", names, stacks, "iteration", "paths"))
    columns = {
        "draws": "n_draws", "right draws": "n_draws_correct", "tokens": "n_tokens",
        "paths": "n_paths", "right paths": "n_paths_correct", "steps labelled": "n_steps_labelled",
        "rollouts": "n_rollouts", "corrections": "n_corrections", "pairs": "n_pairs",
        "examples": "n_examples", "undesired": "n_undesired",
    }  # fmt: skip
    cells = [[row["iteration"], *(count(row[n]) for n in columns.values())] for row in rows]
    return Section("data", "Data sizes", "", figures, [Grid(["iteration", *columns], cells)])
