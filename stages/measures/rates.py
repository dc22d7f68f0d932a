"""Accuracy, Maj@k and Pass@k with intervals, and how far each is from the first model's."""

import numpy as np
import polars as pl

from stages.measures.intervals import bootstrap, of_rates, p_value

Rates = dict[tuple[int, str, str], dict[str, float]]
KEYS = ["problem_id", "family"]
VALUES = {
    "iteration": pl.Int64,
    "suite": pl.String,
    "problem_id": pl.String,
    "family": pl.String,
    "measure": pl.String,
    "value": pl.Float64,
}


def rates(values: pl.DataFrame) -> Rates:
    """(iteration, suite, measure) → mean, low, high, and of iterations after 0 gain_mean, gain_low,
    gain_high, gain_p: the paired difference from iteration 0 on the problems of both.

    `values` has the columns VALUES.
    """
    made: Rates = {}
    first: dict[str, pl.DataFrame] = {}
    parts = values.sort("iteration", "suite").partition_by("iteration", "suite", as_dict=True)
    for (iteration, suite), part in parts.items():
        wide = part.pivot("measure", index=KEYS, values="value").drop_nulls().sort(KEYS)
        measures = [name for name in wide.columns if name not in KEYS]
        base = first.setdefault(str(suite), wide)
        both = wide.join(base, on=KEYS, suffix=" before")
        shared = [name for name in measures if name in base.columns and base is not wide]
        gains = both.select(pl.col(name) - pl.col(f"{name} before") for name in shared)
        for measure, row in _measured(wide, measures).items():
            made[int(iteration), str(suite), measure] = row
        for measure, row in _gained(both["family"].to_list(), gains).items():
            made[int(iteration), str(suite), measure] |= row
    return made


def _measured(wide: pl.DataFrame, measures: list[str]) -> dict[str, dict[str, float]]:
    matrix = wide.select(measures).to_numpy().astype(np.float64)
    intervals = of_rates(matrix, wide["family"].to_list())
    return {
        name: {"mean": float(matrix[:, n].mean()), "low": ends.low, "high": ends.high}
        for n, (name, ends) in enumerate(zip(measures, intervals, strict=True))
    }


def _gained(families: list[str], gains: pl.DataFrame) -> dict[str, dict[str, float]]:
    if not families or not gains.columns:
        return {}
    matrix = gains.to_numpy().astype(np.float64)
    return {
        name: {
            "gain_mean": float(matrix[:, n].mean()),
            "gain_low": ends.low,
            "gain_high": ends.high,
            "gain_p": p_value(matrix[:, n], families),
        }
        for n, (name, ends) in enumerate(
            zip(gains.columns, bootstrap(matrix, families), strict=True)
        )
    }
