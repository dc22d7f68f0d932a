"""The tables that `report` prints: accuracy, budget, labels and verifier of a run."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.console import RenderableType

from schemas import views
from stages.results import queries
from stages.results.terminal import percent, table

Rows = list[dict[str, Any]]


def tables(connection: Any, measured: dict[str, Any]) -> Iterator[RenderableType]:
    """Yields the tables that have rows, with the intervals of `measured`, which is metrics.json."""
    overall = queries.ask(connection, "metrics")
    level_rows = views.ask(connection, "from accuracy where mode = 'greedy' order by all")
    for suite in sorted({row["suite"] for row in overall}):
        yield accuracy(
            _suite_rows(overall, suite),
            _suite_rows(level_rows, suite),
            suite,
            measured["iterations"],
        )
    iteration_rows = queries.ask(connection, "iterations")
    if iteration_rows:
        yield budget(iteration_rows)
    for name, view in (("step labels", "label_truth"), ("verifier", "verifier_truth")):
        rows = views.ask(connection, f"from {view} order by iteration, level")
        if rows:
            yield truth_table(rows, name)


def accuracy(
    overall: Rows, level_rows: Rows, suite: str, iterations: dict[str, Any]
) -> RenderableType:
    """A row per iteration: greedy with its 95% interval, each level, and the vote."""
    levels = sorted({row["level"] for row in level_rows}, key=lambda level: (level is None, level))
    cells = []
    for iteration, group in groupby(overall, lambda row: row["iteration"]):
        modes = {row["mode"]: row for row in group}
        of_level = {r["level"]: r["accuracy"] for r in level_rows if r["iteration"] == iteration}
        greedy = modes.get("greedy")
        suites = iterations[str(iteration)]["suites"]
        cells.append([
            iteration,
            None if greedy is None else greedy["n"],
            None if greedy is None else _greedy_accuracy(suites[suite]),
            *(percent(of_level.get(level)) for level in levels),
            percent(modes["vote"]["accuracy"] if "vote" in modes else None),
            percent(greedy["flawed"] if greedy else None),
        ])  # fmt: skip
    names = ["no level" if level is None else f"level {level}" for level in levels]
    heads = ["iteration", "n", "greedy [95%]", *names, "vote", "flawed"]
    return table(heads, cells, f"accuracy on {suite}")


def budget(rows: Rows) -> RenderableType:
    """A row per iteration: coverage, draws, the data made of them, and the time."""
    cells = [
        [row["iteration"], percent(row["coverage"]), percent(row["coverage_so_far"]),
         row["n_draws"], row["n_draws_correct"], row["n_tokens"], row["n_paths"],
         row["n_steps_labelled"],
         row["n_pairs"], row["n_pairs_wrong_chosen"], row["n_examples"], f"{row['elapsed_s']:,.1f}"]
        for row in rows
    ]  # fmt: skip
    heads = ["iteration", "coverage", "so far", "draws", "right", "tokens", "paths"]
    heads += ["labels", "pairs", "wrong chosen", "examples", "seconds"]
    return table(heads, cells, "coverage, budget and data")


def truth_table(rows: Rows, name: str) -> RenderableType:
    """Precision, recall and accuracy of the last iteration, by level.

    The last column is the accuracy of one answer for every step.
    """
    last = max(row["iteration"] for row in rows)
    cells = [
        ["none" if row["level"] is None else str(row["level"]), row["n"],
         percent(row["precision"]), percent(row["recall"]), percent(row["accuracy"]),
         percent(row["base_accuracy"])]
        for row in rows if row["iteration"] == last
    ]  # fmt: skip
    heads = ["level", "steps", "precision", "recall", "accuracy", "one answer"]
    return table(heads, cells, f"{name} against the truth, iteration {last}")


def _greedy_accuracy(modes: dict[str, Any]) -> str:
    row = modes["greedy"]
    return f"{percent(row['accuracy'])} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"


def _suite_rows(rows: Rows, suite: str) -> Rows:
    return [row for row in rows if row["suite"] == suite]
