"""Sections on reviews: flawed right answers, duels of solutions, and steps that people judged."""

from collections.abc import Callable
from itertools import groupby
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
    level_name,
    percent,
    share_of,
    share_point,
)

Row = dict[str, Any]


def flaws(connection: Any) -> Section | None:
    """Right answers that rest on a wrong step, according to each reviewer."""
    asked = queries.source(connection, "from flawed order by suite, reviewer, iteration")
    rows = asked.rows
    if not rows:
        return None
    note = (
        "Right greedy answers with a wrong step. The oracle is the task's own truth; agreement is "
        "the share of answers on which the reviewer and the oracle agree, among those both judged."
    )
    series = _group_series(
        rows,
        ("suite", "reviewer"),
        lambda row: share_point(row["iteration"], row["n_flawed"], row["n"]),
    )
    title = "Flawed right answers"
    figure = lines(title, series, "iteration", "flawed (% of right answers)", percent=True)
    cells = [
        [row["iteration"], row["suite"], row["reviewer"], count(row["n"]), count(row["n_flawed"]),
         share_of(row["n_flawed"], row["n"]), percent(row["agreement"])]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "suite", "reviewer", "right answers", "flawed", "share", "agreement"]
    first = [r["share"] for r in rows if r["suite"] == rows[0]["suite"]
             and r["reviewer"] == rows[0]["reviewer"]]  # fmt: skip
    gist = f"{rows[0]['suite']}, {rows[0]['reviewer']}: {change(first)}"
    grids = [Grid(heads, cells, asked)]
    return Section("flaws", "Flawed but correct", note, [figure], grids, gist)


def duels(connection: Any) -> Section | None:
    """The model's solutions against a rival's, judged in both orders."""
    asked = queries.source(connection, "from duel_results order by rival, aspect, iteration")
    rows = asked.rows
    if not rows:
        return None
    note = (
        "The rival named first is the model of iteration 0. Each pair of solutions is judged in "
        "both orders. Disagreed: the two verdicts differ. First place: the share of verdicts, ties "
        "excluded, for the solution shown first; far from one half, the judge prefers a position."
    )
    last = max(row["iteration"] for row in rows)
    last_rows = [row for row in rows if row["iteration"] == last]
    figures = []
    for rival, group in groupby(last_rows, lambda row: row["rival"]):
        own = list(group)
        stacks = [(name, [row[f"n_{name}"] for row in own]) for name in DUEL_OUTCOMES]
        title = f"Iteration {last} against {rival}"
        aspects = [row["aspect"] for row in own]
        figures.append(bars(title, aspects, stacks, "aspect", "pairs of solutions"))
    cells = [
        [row["iteration"], row["rival"], row["aspect"], count(row["n"]),
         *(count(row[f"n_{name}"]) for name in DUEL_OUTCOMES), count(row["n_one_order"]),
         percent(row["first_share"])]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "rival", "aspect", "pairs", *DUEL_OUTCOMES]
    heads += ["one order only", "first place"]
    return Section("duels", "Solutions compared", note, figures, [Grid(heads, cells, asked)])


DUEL_OUTCOMES = ("won", "lost", "tied", "disagreed")


def annotated_steps(connection: Any) -> Section | None:
    """The verifier against people's judgements of each step."""
    query = "from annotated_accuracy order by dataset, iteration, level"
    steps = queries.source(connection, query)
    errors = queries.source(connection, "from first_errors order by dataset, iteration")
    if not steps.rows:
        return None
    note = (
        "The verifier calls a step right if its probability is at least one half, as in SIPF "
        "Table 3. F1, as in ProcessBench, is the harmonic mean of two shares: the wrong solutions "
        "whose earliest wrong step it names, and the sound solutions in which it finds none."
    )
    cells = [
        [row["iteration"], row["dataset"], level_name(row["level"]), count(row["n"]),
         percent(row["precision"]), percent(row["recall"]), percent(row["accuracy"])]
        for row in steps.rows
    ]  # fmt: skip
    heads = ["iteration", "dataset", "level", "steps", "precision", "recall", "accuracy"]
    grids = [Grid(heads, cells, steps, "Steps"), _errors_grid(errors)]
    figures = _errors_figures(errors.rows)
    return Section("annotated", "Steps that people judged", note, figures, grids)


def _errors_figures(rows: Rows) -> list[Figure]:
    """A chart of F1; a dataset with only wrong or only sound solutions has no F1."""
    with_f1 = [row for row in rows if row["f1"] is not None]
    if not with_f1:
        return []
    series = _group_series(with_f1, ("dataset",), lambda row: Point(row["iteration"], row["f1"]))
    title = "Earliest wrong step found"
    return [lines(title, series, "iteration", "F1 as in ProcessBench (%)", percent=True)]


def _errors_grid(errors: Source) -> Grid:
    cells = [
        [row["iteration"], row["dataset"], count(row["n_wrong"]), percent(row["wrong_accuracy"]),
         count(row["n_sound"]), percent(row["sound_accuracy"]), percent(row["f1"])]
        for row in errors.rows
    ]  # fmt: skip
    heads = ["iteration", "dataset", "wrong solutions", "step named", "sound solutions"]
    return Grid([*heads, "none found", "F1"], cells, errors, "Earliest wrong steps")


def _group_series(
    rows: Rows, names: tuple[str, ...], point: Callable[[Row], Point]
) -> list[Series]:
    """One line for each value of the columns."""
    keys = list(dict.fromkeys(tuple(row[name] for name in names) for row in rows))
    return [
        Series(
            ", ".join(key),
            [point(row) for row in rows if tuple(row[name] for name in names) == key],
            number,
        )
        for number, key in enumerate(keys)
    ]
