"""How good the models are, what was drawn for it, and what they were trained on."""

from itertools import groupby
from typing import Any

from stages.explore import views
from stages.explore.charts import Figure, bars
from stages.explore.curves import Point, Series, lines
from stages.explore.interval import wilson
from stages.explore.sections.section import Grid, Section, count, level_name, percent


def accuracy(connection: Any) -> Section | None:
    """Overall with intervals, and by level, for each suite."""
    rows = views.ask(connection, "metrics")
    if not rows:
        return None
    levels = views.ask(connection, "from accuracy order by suite, mode, level, iteration")
    figures = [overall(rows)]
    for suite, group in groupby(levels, lambda row: row["suite"]):
        greedy = [row for row in group if row["mode"] == "greedy"]
        if len({row["level"] for row in greedy}) > 1:
            figures.append(by_level(greedy, suite))
    return Section("accuracy", "Accuracy", ABOUT_ACCURACY, figures, [accuracy_grid(rows)])


ABOUT_ACCURACY = (
    "Iteration 0 is the model after supervised fine-tuning. Flawed: the share of right answers "
    "that rest on an unsound step, where the task can tell."
)


def overall(rows: list[dict[str, Any]]) -> Figure:
    """One line for each suite and mode."""
    names = sorted({(row["suite"], row["mode"]) for row in rows})
    series = []
    for colour, name in enumerate(names):
        own = [row for row in rows if (row["suite"], row["mode"]) == name]
        points = []
        for row in own:
            low, high = wilson(row["n_correct"], row["n"])
            note = f"{' '.join(name)}: {percent(row['accuracy'])} [{percent(low)}, {percent(high)}]"
            points.append(Point(row["iteration"], row["accuracy"], low, high, note))
        series.append(Series(", ".join(name), points, colour, dashed=name[1] == "vote"))
    title = "Accuracy by iteration, with 95% intervals"
    return lines(title, series, "iteration", "right answers (% of problems)", percent=True)


def by_level(rows: list[dict[str, Any]], suite: str) -> Figure:
    """One line for each level, greedy answers."""
    series = []
    for colour, (level, group) in enumerate(groupby(rows, lambda row: row["level"])):
        points = [Point(row["iteration"], row["accuracy"]) for row in group]
        series.append(Series(level_name(level), points, colour))
    title = f"Greedy accuracy by level, {suite}"
    return lines(title, series, "iteration", "right answers (% of problems)", percent=True)


def accuracy_grid(rows: list[dict[str, Any]]) -> Grid:
    """Every number behind the first chart."""
    cells = []
    for row in rows:
        low, high = wilson(row["n_correct"], row["n"])
        interval = f"{percent(low)} to {percent(high)}"
        names = [row["iteration"], row["suite"], row["mode"], count(row["n"])]
        cells.append([*names, percent(row["accuracy"]), interval, percent(row["flawed"])])
    heads = ["iteration", "suite", "mode", "n", "accuracy", "95% interval", "flawed"]
    return Grid(heads, cells)


def coverage(connection: Any) -> Section | None:
    """Problems solved, and the draws that it took by strategy."""
    rows = [row for row in views.ask(connection, "turns") if row["n_draws"]]
    if not rows:
        return None
    solved = Series("in the iteration", [Point(row["iteration"], row["coverage"]) for row in rows])
    points = [Point(row["iteration"], row["coverage_ever"]) for row in rows]
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
    """Draws, right ones and tokens of each strategy."""
    cells = [
        [row["iteration"], row["strategy"], count(row["n_draws"]), count(row["n_correct"]),
         percent(row["n_correct"] / row["n_draws"]), count(row["n_tokens"])]
        for row in rows
    ]  # fmt: skip
    return Grid(["iteration", "strategy", "draws", "right", "share right", "tokens"], cells)


def data(connection: Any) -> Section | None:
    """Paths found and training rows made, by iteration."""
    rows = views.ask(connection, "turns")
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
    drawn = [row for row in rows if row["n_paths"]]
    if drawn:
        right = [row["n_paths_correct"] for row in drawn]
        wrong = [row["n_paths"] - row["n_paths_correct"] for row in drawn]
        stacks = [("right answer", right), ("wrong answer", wrong)]
        names = [str(row["iteration"]) for row in drawn]
        figures.append(bars("Distinct paths", names, stacks, "iteration", "paths"))
    columns = {
        "draws": "n_draws", "right draws": "n_draws_correct", "tokens": "n_tokens",
        "paths": "n_paths", "right paths": "n_paths_correct", "steps labelled": "n_steps_labelled",
        "rollouts": "n_rollouts", "corrections": "n_corrections", "pairs": "n_pairs",
        "examples": "n_examples", "undesired": "n_undesired",
    }  # fmt: skip
    cells = [[row["iteration"], *(count(row[n]) for n in columns.values())] for row in rows]
    return Section("data", "Data sizes", "", figures, [Grid(["iteration", *columns], cells)])
