"""Accuracy, Maj@k and Pass@k with intervals, and the gain of each over the first model."""

import numpy as np
import polars as pl

from stages.measures.intervals import difference_intervals, p_value, rate_intervals

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
    """(iteration, suite, measure) → mean, low, high; after iteration 0 also gain_mean, gain_low,
    gain_high, gain_p: the paired difference from iteration 0 on the problems of both.

    `values` has the columns VALUES.
    """
    result: Rates = {}
    first: dict[str, pl.DataFrame] = {}
    groups = values.sort("iteration", "suite").partition_by("iteration", "suite", as_dict=True)
    for (iteration, suite), group in groups.items():
        wide = group.pivot("measure", index=KEYS, values="value").drop_nulls().sort(KEYS)
        measures = [name for name in wide.columns if name not in KEYS]
        base = first.setdefault(str(suite), wide)
        joined = wide.join(base, on=KEYS, suffix=" before")
        shared = [name for name in measures if name in base.columns and base is not wide]
        gains = joined.select(pl.col(name) - pl.col(f"{name} before") for name in shared)
        for measure, row in _mean_intervals(wide, measures).items():
            result[int(iteration), str(suite), measure] = row
        for measure, row in _gain_intervals(joined["family"].to_list(), gains).items():
            result[int(iteration), str(suite), measure] |= row
    return result


def _mean_intervals(wide: pl.DataFrame, measures: list[str]) -> dict[str, dict[str, float]]:
    matrix = wide.select(measures).to_numpy().astype(np.float64)
    intervals = rate_intervals(matrix, wide["family"].to_list())
    return {
        name: {"mean": float(matrix[:, n].mean()), "low": ends.low, "high": ends.high}
        for n, (name, ends) in enumerate(zip(measures, intervals, strict=True))
    }


def _gain_intervals(families: list[str], gains: pl.DataFrame) -> dict[str, dict[str, float]]:
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
            zip(gains.columns, difference_intervals(matrix, families), strict=True)
        )
    }
