"""Confidence intervals of rates, and whether two models differ on the same problems.

The forms of one problem (MBPP's six) are correlated, so a family of forms is resampled, or flipped,
as one. Seeds are fixed: the same evaluations give the same figures.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Z_95 = 1.959963984540054  # normal quantile of 97.5%
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
    if n == 0:
        return Interval(0.0, 1.0)
    share, z2 = n_correct / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


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
    """The same for values in [0, 1].

    Resampling a column that is all 0 or all 1 gives no interval: it gets Wilson's.
    """
    n = len(values) if families is None else len(set(families))
    ends = zip(values.min(axis=0), values.max(axis=0), strict=True)
    return [
        wilson(n * int(least), n) if least == most and least in (0.0, 1.0) else interval
        for (least, most), interval in zip(ends, bootstrap(values, families, seed), strict=True)
    ]


def paired_difference(
    a: Array, b: Array, families: Sequence[object] | None = None, seed: int = 0
) -> Difference:
    """The mean of a - b (one value per problem each), its bootstrap interval and `p_value`."""
    difference = a - b
    ((low, high),) = bootstrap(difference[:, None], families, seed)
    n_won, n_lost = int((difference > 0).sum()), int((difference < 0).sum())
    p = p_value(difference, families, seed)
    return Difference(len(a), float(difference.mean()), low, high, n_won, n_lost, p)


def p_value(difference: Array, families: Sequence[object] | None = None, seed: int = 0) -> float:
    """How often the mean is as far from 0 if each family's differences change sign at random.

    If all nonzero differences have one size, as between right and wrong answers, this is McNemar's
    exact test; otherwise N_FLIPS flips are drawn. Two-sided.
    """
    sums, _ = _family_sums(difference[:, None], families)
    nonzero = sums[np.abs(sums[:, 0]) > TINY, 0]
    if np.allclose(np.abs(nonzero), np.abs(nonzero[:1])):
        return mcnemar(int((nonzero > 0).sum()), int((nonzero < 0).sum()))
    rng = np.random.default_rng(seed)
    limit, n_far, n_left = abs(nonzero.sum()) - TINY, 1, N_FLIPS
    while n_left:
        chunk_size = min(n_left, max(1, AT_ONCE // len(nonzero)))
        flipped = rng.integers(0, 2, (chunk_size, len(nonzero)), dtype=np.int8).astype(bool)
        totals = np.where(flipped, -nonzero, nonzero).sum(axis=1)
        n_far += int((np.abs(totals) >= limit).sum())
        n_left -= chunk_size
    return n_far / (N_FLIPS + 1)


def mcnemar(n_won: int, n_lost: int) -> float:
    """Two-sided exact p of n_won and n_lost discordant problems: binomial with one half."""
    n, fewer = n_won + n_lost, min(n_won, n_lost)
    ways = term = 1
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        ways += term
    return float(min(1.0, 2 * ways / 2**n))


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
