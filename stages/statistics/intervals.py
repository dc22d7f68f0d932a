"""How sure a rate is, and whether two models differ on the same problems.

The forms of one problem (MBPP's six) rise and fall together, so a family of forms is drawn, or
flipped, as one. Seeds are fixed: the same evaluations give the same figures.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Z_95 = 1.959963984540054  # normal quantile of 97.5%
N_RESAMPLES = 2000
N_FLIPS = 10_000
AT_ONCE = 4_000_000  # random numbers held at a time
Array = np.ndarray[Any, np.dtype[np.float64]]


class Interval(NamedTuple):
    """The 95% interval of a mean."""

    low: float
    high: float


class Difference(NamedTuple):
    """Model a against model b on the same problems; n_won, n_lost: problems where a is above, below.

    `p` is of the hypothesis that the two could change places in every family.
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

    `families` has one label a problem; each problem is its own where it is None. A column whose
    values are all 0 or all 1 tells resampling nothing: it has Wilson's interval over families.
    Raises ValueError for no problems.
    """
    sums, sizes = _by_family(values, families)
    means = [counts @ sums / (counts @ sizes)[:, None] for counts in _resamples(len(sizes), seed)]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975], axis=0)
    made = []
    for column, ends in zip(values.T, zip(low, high, strict=True), strict=True):
        same = column.min() == column.max() and column[0] in (0.0, 1.0)
        whole = wilson(int(column[0]) * len(sizes), len(sizes))
        made.append(whole if same else Interval(float(ends[0]), float(ends[1])))
    return made


def paired(a: Array, b: Array, families: Sequence[object] | None = None, seed: int = 0) -> Difference:
    """The mean of a - b (one value a problem each) with its bootstrap interval and a p-value.

    The test flips the sign of each family's difference (two-sided). Where all that differ, differ
    by as much, as right and wrong answers do, it is McNemar's and exact; else N_FLIPS are drawn.
    """
    difference = a - b
    ((low, high),) = bootstrap(difference[:, None], families, seed)
    n_won, n_lost = int((difference > 0).sum()), int((difference < 0).sum())
    if n_won + n_lost == 0:
        return Difference(len(a), 0.0, 0.0, 0.0, 0, 0, 1.0)
    sums, _ = _by_family(difference[:, None], families)
    moved = sums[np.abs(sums[:, 0]) > 1e-12, 0]
    alike = bool(np.allclose(np.abs(moved), np.abs(moved[:1])))
    p = mcnemar(int((moved > 0).sum()), int((moved < 0).sum())) if alike else _flips(moved, seed)
    return Difference(len(a), float(difference.mean()), low, high, n_won, n_lost, p)


def mcnemar(n_won: int, n_lost: int) -> float:
    """Two-sided exact p of n_won and n_lost discordant problems: binomial with one half."""
    n, fewer = n_won + n_lost, min(n_won, n_lost)
    ways = term = 1
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        ways += term
    return min(1.0, 2 * ways / 2**n)


def _flips(moved: Array, seed: int) -> float:
    """The share of sign flips whose sum is as far from zero; the sum itself counts as one."""
    rng = np.random.default_rng(seed)
    limit, n_far, n_left = abs(moved.sum()) - 1e-9, 1, N_FLIPS
    while n_left:
        part = min(n_left, max(1, AT_ONCE // len(moved)))
        signs = 2.0 * rng.integers(0, 2, (part, len(moved)), dtype=np.int8) - 1.0
        n_far += int((np.abs(signs @ moved) >= limit).sum())
        n_left -= part
    return n_far / (N_FLIPS + 1)


def _by_family(values: Array, families: Sequence[object] | None) -> tuple[Array, Array]:
    """(sums (families × measures), sizes (families,))."""
    if len(values) == 0:
        raise ValueError("there are no problems to resample")
    if families is None:
        return values.astype(float), np.ones(len(values))
    order: dict[object, int] = {}
    places = np.array([order.setdefault(family, len(order)) for family in families])
    sums = np.zeros((len(order), values.shape[1]))
    np.add.at(sums, places, values)
    return sums, np.bincount(places).astype(float)


def _resamples(n: int, seed: int) -> Iterator[Array]:
    """How often each of n families was drawn, (resamples × n), in parts; N_RESAMPLES in all."""
    rng = np.random.default_rng(seed)
    n_left = N_RESAMPLES
    while n_left:
        part = min(n_left, max(1, AT_ONCE // n))
        drawn = rng.integers(0, n, (part, n)) + n * np.arange(part)[:, None]
        yield np.bincount(drawn.ravel(), minlength=part * n).reshape(part, n).astype(float)
        n_left -= part
