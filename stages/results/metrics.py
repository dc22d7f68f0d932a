"""metrics.json: all numbers of a run, for `ratchet`; scores.json: the few of `dvc exp show`."""

from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.measures.rates import VALUES, Rates, rates
from stages.results import queries

DECIMALS = 6
INTERVAL = ("mean", "low", "high")
Measured = dict[str, Any]


def run_metrics(connection: Any, run: dict[str, Any]) -> dict[str, Any]:
    """The content of metrics.json.

    `coverage` is null where nothing was drawn; `flawed` is the share of the right answers that have
    a wrong step according to `flawed_by`, null where no reviewer looked. low and high bound a 95%
    interval (stages/measures); `gain` is over iteration 0 on the same problems. accuracy_stated and
    accuracy_flexible are of greedy answers by either extraction; `n_differ` are judged differently.
    Raises RatchetError if an evaluated iteration has no row in progress.
    """
    iterations: dict[str, Measured] = {}
    for row in queries.ask(connection, "iterations"):
        iterations[str(row["iteration"])] = {
            "coverage": _round(row["coverage"]),
            "draws": row["n_draws"],
            "training_rows": row["n_training_rows"],
            "tokens": row["n_tokens"],
            "elapsed_s": _round(row["elapsed_s"]),
            "suites": {},
        }
    rates_of = rates(pl.DataFrame(queries.ask(connection, "rates"), schema=VALUES))
    for row in queries.ask(connection, "metrics"):
        values = iterations.get(str(row["iteration"]))
        if values is None:
            raise RatchetError(f"progress lacks iteration {row['iteration']}: run `dvc repro`")
        values["suites"].setdefault(row["suite"], {})[row["mode"]] = _mode_metrics(row, rates_of)
    return {"run": run, "iterations": iterations}


def _mode_metrics(row: Measured, rates_of: Rates) -> Measured:
    """The metrics of a suite in one mode; for votes also Pass@k, by k."""
    key = (row["iteration"], row["suite"])
    own = rates_of.get((*key, row["mode"]))
    if own is None:
        raise RatchetError(
            "the tables changed while they were read: try again when the run is over"
        )
    metrics = {
        "n": row["n"],
        "domain": row["domain"],
        "accuracy": _round(row["accuracy"]),
        "low": _round(own["low"]),
        "high": _round(own["high"]),
        "flawed": _round(row["flawed"]),
        "flawed_by": row["flawed_by"],
    }
    if row["accuracy_stated"] is not None:
        metrics |= {name: _round(row[name]) for name in ("accuracy_stated", "accuracy_flexible")}
        metrics["n_differ"] = row["n_differ"]
    if "gain_mean" in own:
        metrics["gain"] = {name: _round(own[f"gain_{name}"]) for name in (*INTERVAL, "p")}
    if row["mode"] == "vote":
        pass_at = {
            int(measure.removeprefix("pass@")): {name: _round(rate[name]) for name in INTERVAL}
            for (*of, measure), rate in rates_of.items()
            if (*of,) == key and measure.startswith("pass@")
        }
        metrics["pass_at"] = {str(k): pass_at[k] for k in sorted(pass_at)}
    return metrics


def scores(measured: Measured) -> Measured:
    """The content of scores.json, given that of metrics.json; without what was not measured.

    Of the last iteration: `accuracy` and `flawed`, means over the suites in domain (of greedy
    answers, else of votes), and `coverage`. `draws` of all iterations.
    """
    iterations = measured["iterations"]
    last = iterations.get(str(measured["run"]["iteration"]), {"coverage": None, "suites": {}})
    modes = [modes.get("greedy", modes.get("vote")) for modes in last["suites"].values()]
    found = {
        "accuracy": _mean([mode["accuracy"] for mode in modes if mode["domain"] == "in"]),
        "coverage": last["coverage"],
        "draws": sum(values["draws"] for values in iterations.values()),
        "flawed": _mean([mode["flawed"] for mode in modes if mode["domain"] == "in"]),
    }
    return {name: value for name, value in found.items() if value is not None}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _round(sum(known) / len(known)) if known else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
