"""The sections of a comparison: each sums up one difference, and is empty if there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.measures.intervals import Interval, rate_intervals, wilson
from stages.results.terminal import percent

Rows = list[dict[str, Any]]
HeadsAndCells = tuple[list[str], list[list[Any]]]


@dataclass(frozen=True)
class Section:
    """A .sql file beside this module, named after the section, and how its rows are shown."""

    name: str
    title: str
    table: Callable[[Rows], HeadsAndCells]
    rows_view: str | None = None  # the view of the rows that it counts
    n_keys: int = 1  # columns that say which row it is


def columns(*names: str) -> Callable[[Rows], HeadsAndCells]:
    """A function from rows to a table of these columns."""
    heads = [name.removeprefix("n_").replace("_", " ") for name in names]
    return lambda rows: (heads, [[row[name] for name in names] for row in rows])


def tables(rows: Rows) -> HeadsAndCells:
    """The tables whose keys differ."""
    differing = [row for row in rows if row["n_added"] or row["n_removed"]]
    return columns("table", "n_a", "n_b", "n_added", "n_removed")(differing)


def verdicts(rows: Rows) -> HeadsAndCells:
    """The flips of verdicts, and whether both sides graded the same text."""
    cells = [
        [
            f"{row['outcome_a']} → {row['outcome_b']}",
            row["n"],
            _change(row["grader_a"], row["grader_b"]),
            {True: "the same", False: "another", None: "unknown"}[row["same_text"]],
        ]
        for row in rows
    ]
    return ["flip", "samples", "grader", "text"], cells


def step_labels(rows: Rows) -> HeadsAndCells:
    """The iterations in which a label changed."""
    flipped = [row for row in rows if row["n_to_right"] or row["n_to_wrong"]]
    cells = [
        [row["iteration"], row["n_both"], row["n_to_right"], row["n_to_wrong"],
         percent((row["n_to_right"] + row["n_to_wrong"]) / row["n_both"])]
        for row in flipped
    ]  # fmt: skip
    return ["iteration", "in both", "wrong → right", "right → wrong", "flipped"], cells


def rewards(rows: Rows) -> HeadsAndCells:
    """The iterations in which a reward changed."""
    cells = [
        [row["iteration"], row["n_both"], row["n_shifted"],
         f"{row['reward_mean_a']:.3f} → {row['reward_mean_b']:.3f}", f"{row['shift_abs_mean']:.3f}",
         f"{row['shift_q05']:+.3f} to {row['shift_q95']:+.3f}", _three_decimals(row["correlation"])]
        for row in rows if row["n_shifted"]
    ]  # fmt: skip
    heads = ["iteration", "in both", "shifted", "mean", "mean shift, absolute", "90% of shifts"]
    return [*heads, "correlation"], cells


def pairs(rows: Rows) -> HeadsAndCells:
    """The iterations whose training rows differ."""
    cells = [
        [row["iteration"], f"{row['kind']}s", row["n_a"], row["n_b"], row["n_b"] - row["n_both"],
         row["n_a"] - row["n_both"], row["n_reversed"], f"{row['jaccard']:.3f}"]
        for row in rows if row["jaccard"] < 1
    ]  # fmt: skip
    heads = ["iteration", "rows", "a", "b", "added", "removed", "reversed", "Jaccard"]
    return heads, cells


def shares(rows: Rows) -> HeadsAndCells:
    """Totals of the iterations that differ; levels too, of the last one that both sides have."""
    names = [name for name in ("suite", "mode", "iteration") if rows and name in rows[0]]
    groups = [tuple(row[name] for name in names) for row in rows]
    differing = {
        group
        for group, row in zip(groups, rows, strict=True)
        if _counts(row, "a") != _counts(row, "b")
    }
    last = max((row["iteration"] for row in rows if row["n_a"] and row["n_b"]), default=None)
    cells = [
        [*group, _level(row), _change(row["n_a"], row["n_b"]), _share(row, "a"), _share(row, "b"),
         _percentage_points(row)]
        for group, row in zip(groups, rows, strict=True)
        if group in differing and (row["all_levels"] or row["iteration"] == last)
    ]  # fmt: skip
    return [*names, "level", "n", "a [95%]", "b [95%]", "points"], cells


def costs(rows: Rows) -> HeadsAndCells:
    """The stages whose measured cost differs, and the total of all stages."""
    measures = ("elapsed_s", "n_draws", "n_tokens")
    differing = [r for r in rows if any(r[f"{m}_a"] != r[f"{m}_b"] for m in measures)]
    if not differing:
        return [], []
    total: dict[str, Any] = {
        name: sum(row[name] or 0 for row in rows) for m in measures for name in (f"{m}_a", f"{m}_b")
    }
    cells = [
        [row["stage"], _seconds(row["elapsed_s_a"]), _seconds(row["elapsed_s_b"]),
         row["n_draws_a"], row["n_draws_b"], row["n_tokens_a"], row["n_tokens_b"]]
        for row in [*differing, {"stage": "all stages", **total}]
    ]  # fmt: skip
    return ["stage", "a, s", "b, s", "draws a", "draws b", "tokens a", "tokens b"], cells


def add_intervals(rows: Rows) -> Rows:
    """The rows of shares with the 95% interval of both sides.

    Wilson's, unless the row has `families_a`, …: forms of one problem are resampled as one.
    """
    return [
        {name: value for name, value in row.items() if not name.startswith(("families", "correct"))}
        | {f"interval_{side}": _interval(row, side) for side in "ab"}
        for row in rows
    ]


SECTIONS: Sequence[Section] = (
    Section("tables", "rows, by primary key", tables),
    Section("problems", "problems gained and lost", columns(
        "iteration", "level", "n_gained", "n_lost"), "problem_moves", 2),
    Section("tail", "tail", columns(
        "iteration", "moment", "level", "n_entered", "n_left"), "tail_moves", 3),
    Section("verdicts", "verdicts on the same samples", verdicts, "verdict_flips"),
    Section("step_labels", "labels of the same steps", step_labels),
    Section("rewards", "rewards of the same paths", rewards),
    Section("pairs", "training rows", pairs),
    Section("coverage", "coverage", shares, n_keys=2),
    Section("accuracy", "accuracy", shares, n_keys=4),
    Section("costs", "cost, as measured", costs),
)  # fmt: skip


def _counts(row: dict[str, Any], side: str) -> tuple[int, int]:
    return row[f"n_correct_{side}"] or 0, row[f"n_{side}"] or 0


def _interval(row: dict[str, Any], side: str) -> Interval | None:
    n_correct, n = _counts(row, side)
    families = row.get(f"families_{side}")
    if not n or not families:
        return wilson(n_correct, n) if n else None
    correct = np.array(row[f"correct_{side}"], dtype=np.float64)
    return rate_intervals(correct[:, None], families)[0]


def _share(row: dict[str, Any], side: str) -> str | None:
    n_correct, n = _counts(row, side)
    if not n:
        return None
    low, high = row[f"interval_{side}"]
    return f"{percent(n_correct / n)} [{100 * low:.1f}, {100 * high:.1f}]"


def _percentage_points(row: dict[str, Any]) -> str | None:
    (correct_a, n_a), (correct_b, n_b) = _counts(row, "a"), _counts(row, "b")
    return f"{100 * (correct_b / n_b - correct_a / n_a):+.1f}" if n_a and n_b else None


def _level(row: dict[str, Any]) -> Any:
    return "all" if row["all_levels"] else "none" if row["level"] is None else row["level"]


def _change(a: Any, b: Any) -> Any:
    return a if a == b else f"{_dash_if_none(a)} → {_dash_if_none(b)}"


def _dash_if_none(value: Any) -> Any:
    return "–" if value is None else value


def _three_decimals(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:,.1f}"
