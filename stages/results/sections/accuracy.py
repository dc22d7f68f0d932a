"""Section on accuracy: overall, by number of draws and by level."""

from itertools import groupby
from typing import Any

from stages.results import queries
from stages.results.charts.figure import Figure, shade
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Rows, Source
from stages.results.sections.section import (
    Grid,
    Section,
    bounds,
    change,
    count,
    level_name,
    percent,
    share_of,
    share_point,
)

ABOUT = (
    "Iteration 0 is M₀, the model after supervised fine-tuning. Brackets hold 95% intervals. Gain: "
    "the difference from M₀ on the same problems, with its paired interval and p-value. Pass@k is "
    "estimated from all draws. Flawed: the share of right answers in which the reviewer found an "
    "unsound step."
)


def accuracy(connection: Any, measured: dict[str, Any]) -> Section | None:
    """Accuracy overall with intervals, by number of draws and by level, for each suite."""
    rows = mode_rows(measured)
    if not rows:
        return None
    query = "from accuracy where mode = 'greedy' order by suite, level, iteration"
    levels = queries.source(connection, query)
    figures = [accuracy_figure(rows), *pass_at_k_figures(rows)]
    for suite, group in groupby(levels.rows, lambda row: row["suite"]):
        greedy = list(group)
        if len({row["level"] for row in greedy}) > 1:
            figures.append(level_figure(greedy, suite))
    source = Source(queries.source(connection, "metrics").sql, list(map(_flat_row, rows)))
    grids = [accuracy_grid(rows, source), level_grid(levels)]
    return Section("accuracy", "Accuracy", ABOUT, figures, grids, _gist(rows))


def mode_rows(measured: dict[str, Any]) -> Rows:
    """A row for each iteration, suite and mode of metrics.json."""
    return [
        {"iteration": int(iteration), "suite": suite, "mode": mode} | row
        for iteration, values in measured["iterations"].items()
        for suite, modes in values["suites"].items()
        for mode, row in modes.items()
    ]


def _flat_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose gain and Pass@k are columns."""
    flat = {name: value for name, value in row.items() if not isinstance(value, dict)}
    flat |= {f"gain_{name}": value for name, value in row.get("gain", {}).items()}
    for k, rate in row.get("pass_at", {}).items():
        flat |= {f"pass_at_{k}_{name}": value for name, value in rate.items()}
    return flat


def _gist(rows: Rows) -> str:
    suite, mode = rows[0]["suite"], rows[0]["mode"]
    own = [row["accuracy"] for row in rows if (row["suite"], row["mode"]) == (suite, mode)]
    return f"{suite}, {mode}: {change(own)}"


def accuracy_figure(rows: Rows, prefix: str = "") -> Figure:
    """One line for each suite and mode."""
    series = []
    for number, name in enumerate(sorted({(row["suite"], row["mode"]) for row in rows})):
        own = [row for row in rows if (row["suite"], row["mode"]) == name]
        series.append(Series(prefix + ", ".join(name), points(own), number, name[1] == "vote"))
    title = "Accuracy by iteration"
    return lines(title, series, "iteration", "right answers (% of problems)", percent=True)


def points(rows: Rows) -> list[Point]:
    """Accuracy by iteration, with intervals."""
    return [Point(row["iteration"], row["accuracy"], row["low"], row["high"]) for row in rows]


def pass_at_k_figures(rows: Rows) -> list[Figure]:
    """Pass@k of the first and last iteration: a chart for each suite with several draws."""
    figures = []
    for suite in sorted({row["suite"] for row in rows}):
        own = [r for r in rows if r["suite"] == suite and len(r.get("pass_at", {})) > 1]
        ends = {row["iteration"]: row for row in (own[0], own[-1])} if own else {}
        series = [
            Series(f"iteration {iteration}", pass_at_points(row), number, dashed=number > 0)
            for number, (iteration, row) in enumerate(ends.items())
        ]
        if series:
            label = "one of k draws right (% of problems)"
            figures.append(lines(f"Pass@k, {suite}", series, "k (draws)", label, percent=True))
    return figures


def pass_at_points(row: dict[str, Any]) -> list[Point]:
    """Pass@k, by k."""
    return [Point(int(k), r["mean"], r["low"], r["high"]) for k, r in row["pass_at"].items()]


def level_figure(rows: Rows, suite: str) -> Figure:
    """Greedy accuracy: one line for each level."""
    groups = {level: list(group) for level, group in groupby(rows, lambda row: row["level"])}
    series = [
        Series(
            level_name(level),
            [share_point(row["iteration"], row["n_correct"], row["n"]) for row in group],
            number,
            shade=shade(number, len(groups)),
        )
        for number, (level, group) in enumerate(groups.items())
    ]
    title = f"Greedy accuracy by level, {suite}"
    return lines(title, series, "iteration", "right answers (% of problems)", percent=True)


def level_grid(levels: Source) -> Grid:
    """Greedy accuracy by level, a column for each iteration."""
    iterations = sorted({row["iteration"] for row in levels.rows})
    cells = []
    for (suite, level), group in groupby(levels.rows, lambda r: (r["suite"], r["level"])):
        own = {row["iteration"]: row for row in group}
        found = [own.get(iteration) for iteration in iterations]
        shares = ["" if r is None else share_of(r["n_correct"], r["n"]) for r in found]
        cells.append([suite, level_name(level), next(r["n"] for r in found if r), *shares])
    heads = ["suite", "level", "n", *(f"iteration {iteration}" for iteration in iterations)]
    return Grid(heads, cells, levels, "Greedy accuracy by level")


def accuracy_grid(rows: Rows, source: Source) -> Grid:
    """The numbers behind the first chart."""
    cells = []
    for row in rows:
        gain = row.get("gain")
        cells.append([
            row["iteration"], row["suite"], row["mode"], row["domain"], count(row["n"]),
            f"{percent(row['accuracy'])} {bounds(row['low'], row['high'])}",
            f"{points_of(gain['mean'])} {bounds(gain['low'], gain['high'])}" if gain else "",
            p_value(gain["p"]) if gain else "", percent(row["flawed"]), row["flawed_by"] or "",
        ])  # fmt: skip
    heads = ["iteration", "suite", "mode", "domain", "n", "accuracy", "gain, points"]
    return Grid([*heads, "p", "flawed", "reviewer"], cells, source, "Accuracy")


def points_of(difference: float) -> str:
    """A difference of shares in percentage points: "+5.3"."""
    return f"{100 * difference:+.1f}"


def p_value(p: float) -> str:
    """p with three decimals, never zero."""
    return f"{p:.3f}" if p >= 0.001 else "<0.001"
