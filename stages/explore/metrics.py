"""metrics.json: the numbers of a run, for `dvc metrics` and `ratchet leaderboard`."""

from typing import Any

from schemas.table import RatchetError
from stages.explore import views

PLACES = 6


def measure(connection: Any, run: dict[str, Any]) -> dict[str, Any]:
    """The content of metrics.json.

    `coverage` is null where nothing was drawn; `flawed` is the share of the right answers whose
    steps could be checked, null where none could. Raises RatchetError when an evaluated
    iteration has no row in progress.
    """
    iterations: dict[str, dict[str, Any]] = {}
    for row in views.ask(connection, "turns"):
        iterations[str(row["iteration"])] = {
            "coverage": _rounded(row["coverage"]),
            "draws": row["n_draws"],
            "training_rows": row["n_training_rows"],
            "tokens": row["n_tokens"],
            "elapsed_s": _rounded(row["elapsed_s"]),
            "suites": {},
        }
    for row in views.ask(connection, "metrics"):
        turn = iterations.get(str(row["iteration"]))
        if turn is None:
            raise RatchetError(f"progress lacks iteration {row['iteration']}: run `dvc repro`")
        turn["suites"].setdefault(row["suite"], {})[row["mode"]] = {
            "n": row["n"],
            "accuracy": _rounded(row["accuracy"]),
            "flawed": _rounded(row["flawed"]),
        }
    return {"run": run, "iterations": iterations}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES)
