"""Confidence intervals of rates, and whether two models differ on the same problems.

One interval for one number, everywhere: Wilson's for a share of problems, the bootstrap for other
means and for differences. The forms of one problem (MBPP's six) are correlated, so a family of
forms is resampled, or flipped, as one. Seeds are fixed: the same evaluations give the same figures.

Intervals and tests are scipy's, but for the bootstrap: scipy's resamples anew for every measure,
which takes twice the time for eight of them; a test holds both equal.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

N_RESAMPLES = 2000
N_FLIPS = 10_000
AT_ONCE = 4_000_000  # random numbers held at a time
TINY = 1e-9
Array = np.ndarray[Any, np.dtype[np.float64]]


class Interval(NamedTuple):
    """The 95% interval of a mean."""

    low: float
    high: float


class Difference(NamedTuple):
    """Model a against model b on the same n problems.

    `mean` of a - b with its 95% interval; a is above b in n_won problems, below it in n_lost. `p`
    tests the hypothesis that a and b are exchangeable in every family.
    """

    n: int
    mean: float
    low: float
    high: float
    n_won: int
    n_lost: int
    p: float


def wilson(n_correct: int, n: int) -> Interval:
    """The 95% Wilson score interval of n_correct in n; the whole of [0, 1] for n = 0."""
    from scipy.stats import binomtest

    if n == 0:
        return Interval(0.0, 1.0)
    ends = binomtest(n_correct, n).proportion_ci(0.95, method="wilson")
    return Interval(max(float(ends.low), 0.0), min(float(ends.high), 1.0))  # 0 of n is -1e-17


def bootstrap(
    values: Array, families: Sequence[object] | None = None, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of the mean of each column of `values` (problems × measures).

    `families` has one label per problem; if None, each problem is its own family. Raises ValueError
    without problems.
    """
    sums, sizes = _family_sums(values, families)
    means = [counts @ sums / (counts @ sizes)[:, None] for counts in _resamples(len(sizes), seed)]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975], axis=0)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def rate_intervals(
    values: Array, families: Sequence[object] | None = None, seed: int = 0
) -> list[Interval]:
    """Intervals of columns in [0, 1]: Wilson's for right and wrong, the bootstrap for others.

    Right and wrong by families are for the bootstrap too, unless a column is all 0 or all 1:
    resampling it gives no interval.
    """
    n = len(values) if families is None else len(set(families))
    resampled = bootstrap(values, families, seed)
    for index, column in enumerate(values.T):
        is_count = bool(np.isin(column, (0.0, 1.0)).all())
        if is_count and (n == len(values) or column.min() == column.max()):
            resampled[index] = wilson(round(n * float(column.mean())), n)
    return resampled


def difference_intervals(
    values: Array, families: Sequence[object] | None = None, seed: int = 0
) -> list[Interval]:
    """Bootstrap intervals of columns of differences, in [-1, 1].

    Of a column that is all 0, all 1 or all -1, resampling gives none: it reaches as far as Wilson's
    interval of as many equal outcomes.
    """
    n = len(values) if families is None else len(set(families))
    intervals = bootstrap(values, families, seed)
    for index, column in enumerate(values.T):
        if column.min() == column.max() and column[0] in (-1.0, 0.0, 1.0):
            beyond = wilson(0, n).high
            low, high = column[0] - beyond, column[0] + beyond
            intervals[index] = Interval(max(-1.0, low), min(1.0, high))
    return intervals


def paired_difference(
    a: Array, b: Array, families: Sequence[object] | None = None, seed: int = 0
) -> Difference:
    """The mean of a - b (one value per problem each), its interval and `p_value`."""
    difference = a - b
    ((low, high),) = difference_intervals(difference[:, None], families, seed)
    n_won, n_lost = int((difference > 0).sum()), int((difference < 0).sum())
    p = p_value(difference, families, seed)
    return Difference(len(a), float(difference.mean()), low, high, n_won, n_lost, p)


def p_value(difference: Array, families: Sequence[object] | None = None, seed: int = 0) -> float:
    """How often the mean is as far from 0 if each family's differences change sign at random.

    If all nonzero differences have one size, as between right and wrong answers, this is McNemar's
    exact test. Otherwise all flips are counted, or N_FLIPS drawn if there are more. Two-sided.
    """
    from scipy.stats import permutation_test

    sums, _ = _family_sums(difference[:, None], families)
    nonzero = sums[np.abs(sums[:, 0]) > TINY, 0]
    if np.allclose(np.abs(nonzero), np.abs(nonzero[:1])):
        return mcnemar(int((nonzero > 0).sum()), int((nonzero < 0).sum()))
    flipped = permutation_test(
        (nonzero,), np.sum, permutation_type="samples", vectorized=True, n_resamples=N_FLIPS,
        batch=max(1, AT_ONCE // len(nonzero)), rng=seed,
    )  # fmt: skip
    return float(flipped.pvalue)


def mcnemar(n_won: int, n_lost: int) -> float:
    """Two-sided exact p of n_won and n_lost discordant problems: binomial with one half."""
    from scipy.stats import binomtest

    n = n_won + n_lost
    return float(binomtest(n_won, n, 0.5).pvalue) if n else 1.0


def _family_sums(values: Array, families: Sequence[object] | None) -> tuple[Array, Array]:
    """(sums (families × measures), sizes (families,))."""
    if len(values) == 0:
        raise ValueError("there are no problems to resample")
    if families is None:
        return values.astype(float), np.ones(len(values))
    order: dict[object, int] = {}
    indices = np.array([order.setdefault(family, len(order)) for family in families])
    sums = np.zeros((len(order), values.shape[1]))
    np.add.at(sums, indices, values)
    return sums, np.bincount(indices).astype(float)


def _resamples(n: int, seed: int) -> Iterator[Array]:
    """How often each of n families was drawn, (resamples × n), in chunks; N_RESAMPLES in all."""
    rng = np.random.default_rng(seed)
    n_left = N_RESAMPLES
    while n_left:
        chunk_size = min(n_left, max(1, AT_ONCE // n))
        resampled = rng.integers(0, n, (chunk_size, n)) + n * np.arange(chunk_size)[:, None]
        yield (
            np.bincount(resampled.ravel(), minlength=chunk_size * n)
            .reshape(chunk_size, n)
            .astype(float)
        )
        n_left -= chunk_size
