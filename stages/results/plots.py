"""plots/: the report's curves as small JSON lists of rows, for `dvc plots` and tools that use it.

dvc.yaml declares each with its axes; a curve that a run did not measure has one row of nulls.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas import store, views
from stages.results import queries

FOLDER = Path("plots")
DOMAINS = {"in": "", "out": " out of domain"}
ACCURACIES = [mode + domain for domain in DOMAINS.values() for mode in ("greedy", "vote")]
Rows = list[dict[str, Any]]


def write(curves: dict[str, str]) -> None:
    """Writes the text of every plot."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in curves.items():
        store.write_text(FOLDER / f"{name}.json", text)


def texts(connection: Any) -> dict[str, str]:
    """Name → content of every plot."""
    curves: dict[str, str] = {}
    for name, (rows_of, declared) in PLOTS.items():
        fields = declared["x"], *axis_fields(declared["y"])
        rows = [{field: row[field] for field in fields} for row in rows_of(connection)]
        rows = rows or [dict.fromkeys(fields)]  # DVC takes the fields' names from the first row
        lines = ",\n".join(map(json.dumps, rows))
        curves[name] = f"[\n{lines}\n]\n"
    return curves


def declarations() -> list[dict[str, Any]]:
    """The `plots` of dvc.yaml."""
    return [{f"{FOLDER}/{name}.json": declared} for name, (_, declared) in PLOTS.items()]


def axis_fields(axis: str | list[str]) -> list[str]:
    """One field, or several, as a list."""
    return [axis] if isinstance(axis, str) else axis


def accuracy(connection: Any) -> Rows:
    """A row per iteration: means over suites, in which each suite has the same weight."""
    by_iteration: dict[int, dict[str, Any]] = {}
    for row in views.ask(connection, "from domains order by iteration"):
        plot_row = by_iteration.setdefault(row["iteration"], dict.fromkeys(ACCURACIES))
        plot_row["iteration"] = row["iteration"]
        plot_row[row["mode"] + DOMAINS[row["domain"]]] = row["accuracy_mean"]
    return list(by_iteration.values())


def coverage(connection: Any) -> Rows:
    """A row per iteration that drew samples."""
    names = {"coverage": "in the iteration", "coverage_so_far": "so far"}
    return [
        {"iteration": row["iteration"]} | {text: row[name] for name, text in names.items()}
        for row in queries.ask(connection, "iterations")
        if row["n_draws"]
    ]


def losses(connection: Any) -> Rows:
    """Alignment's log, with steps numbered consecutively over the iterations."""
    points, before, last = [], 0, 0
    iteration = None
    for row in queries.ask(connection, "losses"):
        if row["iteration"] != iteration:
            iteration, before = row["iteration"], last
        last = before + row["step"] + 1
        chosen, rejected = row["logprob_chosen"], row["logprob_rejected"]
        points.append(
            {"step": last - 1, "loss": row["loss"], "chosen": chosen, "rejected": rejected}
        )
    return points


def calibration(connection: Any) -> Rows:
    """The last iteration's verifier, by bins of its probability."""
    rows = queries.ask(connection, "calibration")
    last = max((row["iteration"] for row in rows), default=0)
    return [
        {"probability": row["probability_mean"], "sound": row["sound_share"]}
        for row in rows
        if row["iteration"] == last
    ]


def costs(connection: Any) -> Rows:
    """Seconds of each stage over all iterations."""
    return queries.ask(connection, "costs")


PLOTS: dict[str, tuple[Callable[[Any], Rows], dict[str, Any]]] = {
    "accuracy": (
        accuracy,
        {
            "title": "Accuracy, mean over suites",
            "x": "iteration",
            "y": ACCURACIES,
            "y_label": "right answers (share)",
        },
    ),
    "coverage": (
        coverage,
        {
            "title": "Coverage: problems solved at least once",
            "x": "iteration",
            "y": ["in the iteration", "so far"],
            "y_label": "solved (share)",
        },
    ),
    "loss": (
        losses,
        {"title": "Alignment loss, all iterations", "x": "step", "y": "loss"},
    ),
    "logprobs": (
        losses,
        {
            "title": "Log-probability of chosen and rejected completions, all iterations",
            "x": "step",
            "y": ["chosen", "rejected"],
            "y_label": "mean per token (nats)",
        },
    ),
    "calibration": (
        calibration,
        {
            "title": "Calibration of the verifier, last iteration",
            "x": "probability",
            "y": "sound",
            "x_label": "verifier's probability, mean of the bin",
            "y_label": "sound steps (share)",
        },
    ),
    "costs": (
        costs,
        {
            "title": "Time by stage, all iterations (s)",
            "x": "elapsed_s",
            "y": "stage",
            "template": "bar_horizontal",
        },
    ),
}
