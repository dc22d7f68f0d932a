"""Statistics with known answers: intervals by simulation, tests by enumeration."""

import math
from itertools import product

import numpy as np
import polars as pl
import pytest
from scipy import stats

from stages.measures.intervals import (
    N_RESAMPLES,
    bootstrap,
    difference_intervals,
    mcnemar,
    p_value,
    paired_difference,
    rate_intervals,
    wilson,
)
from stages.measures.rates import VALUES, rates

N_RUNS = 1000


@pytest.mark.parametrize(("n", "share"), [(100, 0.3), (100, 0.5), (200, 0.1), (300, 0.8)])
def test_nominal_95_covers_93_to_97_of_binomials(n: int, share: float) -> None:
    draws = np.random.default_rng(7).random((n, N_RUNS)) < share
    resampled = bootstrap(draws.astype(float), seed=1)
    covered = sum(interval.low <= share <= interval.high for interval in resampled)
    assert 0.93 <= covered / N_RUNS <= 0.97
    assert 0.93 <= sum(
        math.comb(n, right) * share**right * (1 - share) ** (n - right)
        for right in range(n + 1)
        if wilson(right, n).low <= share <= wilson(right, n).high
    ) <= 0.97  # fmt: skip


def test_the_bootstrap_is_that_of_scipy() -> None:
    values = np.random.default_rng(2).random((50, 2))
    for found, column in zip(bootstrap(values, seed=3), values.T, strict=True):
        ends = stats.bootstrap(
            (column,), np.mean, method="percentile", n_resamples=N_RESAMPLES, rng=3
        ).confidence_interval
        assert found == pytest.approx((ends.low, ends.high))


def test_forms_are_resampled_as_one() -> None:
    """Six forms that agree say as much as one; taken for problems of their own, far too much."""
    rng, n, share = np.random.default_rng(3), 100, 0.4
    draws = np.repeat(rng.random((n, N_RUNS)) < share, 6, axis=0).astype(float)
    families = [number // 6 for number in range(6 * n)]
    shares = []
    for labels in (families, None):
        found = bootstrap(draws, labels)
        shares.append(sum(low <= share <= high for low, high in found) / N_RUNS)
    assert 0.93 <= shares[0] <= 0.97 and shares[1] < 0.7


def test_families_of_any_size_weigh_by_their_problems() -> None:
    values = np.array([[1.0], [1.0], [1.0], [0.0]])
    ((low, high),) = bootstrap(values, ["a", "a", "a", "b"])
    assert (low, high) == (0.0, 1.0)
    ((low, high),) = bootstrap(np.array([[0.25], [0.75]]), ["a", "a"])
    assert low == high == 0.5


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_rate_of_none_or_all_has_an_interval(value: float) -> None:
    values = np.full((20, 1), value)
    assert bootstrap(values) == [(value, value)]
    assert rate_intervals(values) == [wilson(20 * int(value), 20)]
    assert rate_intervals(values, [n // 2 for n in range(20)]) == [wilson(10 * int(value), 10)]


@pytest.mark.parametrize("n", [1, 60, 300, 1000])
def test_no_share_is_below_none_or_above_all(n: int) -> None:
    assert str(wilson(0, n).low) == "0.0" and wilson(n, n).high == 1.0


def test_a_share_of_problems_has_the_interval_of_wilson() -> None:
    rng = np.random.default_rng(4)
    values = np.stack([rng.integers(0, 2, 40), rng.integers(0, 5, 40) / 4], axis=1)
    found = rate_intervals(values)
    assert found == [wilson(int(values[:, 0].sum()), 40), bootstrap(values)[1]]
    families = [n // 2 for n in range(40)]
    assert rate_intervals(values, families) == bootstrap(values, families)


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.0, -0.1611, 0.1611), (1.0, 0.8389, 1.0), (-1.0, -1.0, -0.8389)]
)
def test_differences_that_are_all_alike_have_an_interval(
    value: float, low: float, high: float
) -> None:
    (found,) = difference_intervals(np.full((20, 1), value))
    assert found == pytest.approx((low, high), abs=1e-4)
    assert wilson(0, 20).high == pytest.approx(0.1611, abs=1e-4)


def test_the_same_evaluations_have_the_same_interval_and_none_has_none() -> None:
    values = np.random.default_rng(0).random((30, 2))
    assert bootstrap(values) == bootstrap(values) != bootstrap(values, seed=1)
    with pytest.raises(ValueError, match="no problems"):
        bootstrap(np.zeros((0, 1)))


@pytest.mark.parametrize("won", range(5))
@pytest.mark.parametrize("lost", range(5))
def test_mcnemar_by_enumeration(won: int, lost: int) -> None:
    n = won + lost
    counts = [sum(flips) for flips in product((0, 1), repeat=n)]
    as_far = [abs(2 * count - n) >= abs(won - lost) for count in counts]
    assert mcnemar(won, lost) == pytest.approx(sum(as_far) / len(counts))


def test_mcnemar_of_many() -> None:
    assert mcnemar(15, 5) == pytest.approx(0.041389, abs=1e-6)
    assert mcnemar(5000, 5000) == 1.0
    assert 0 < mcnemar(5300, 4700) < 1e-8


PAIRS = [  # a - b of each problem
    [1, 1, -1, 0, 0, 1, 1],
    [0, 0, 0],
    [0.5, -0.25, 0.75, 0.1, 0.3, -0.05],
    [0.2, 0.2, 0.2, -0.2],
]


@pytest.mark.parametrize("differences", PAIRS)
def test_a_paired_test_by_enumeration(differences: list[float]) -> None:
    moved = [d for d in differences if d]
    sums = [
        sum(sign * d for sign, d in zip(signs, moved, strict=True))
        for signs in product((1, -1), repeat=len(moved))
    ]
    exact = sum(abs(total) >= abs(sum(moved)) - 1e-9 for total in sums) / len(sums)
    b = np.random.default_rng(0).random(len(differences))
    found = paired_difference(b + differences, b)
    assert found.p == pytest.approx(exact, abs=0.02)
    assert found.mean == pytest.approx(np.mean(differences))
    assert (found.n_won, found.n_lost) == (sum(d > 0 for d in moved), sum(d < 0 for d in moved))
    assert found.low <= found.mean + 1e-12 and found.mean <= found.high + 1e-12


def test_forms_change_sides_together() -> None:
    difference = np.array([1.0] * 6 + [0.0] * 6)
    assert p_value(difference) == mcnemar(6, 0)
    assert p_value(difference, [n // 6 for n in range(12)]) == mcnemar(1, 0) == 1.0


def test_a_test_at_5_percent_refuses_5_percent_of_equal_models() -> None:
    rng = np.random.default_rng(11)
    found = [
        p_value(rng.binomial(8, 0.4, 60) / 8 - rng.binomial(8, 0.4, 60) / 8) for _ in range(100)
    ]
    assert 0.01 <= np.mean([p <= 0.05 for p in found]) <= 0.1


def test_rates_pair_each_iteration_with_the_first() -> None:
    right = {0: [0, 0, 1, 1], 1: [1, 0, 1, 1]}
    rows = [
        (k, "toy", f"p{n}", f"p{n}", measure, float(value))
        for k, values in right.items()
        for n, value in enumerate(values)
        for measure in ("greedy", *(["vote"] if k else []))
    ]
    made = rates(pl.DataFrame(rows, schema=VALUES, orient="row"))
    assert {key: row["mean"] for key, row in made.items()} == {
        (0, "toy", "greedy"): 0.5, (1, "toy", "greedy"): 0.75, (1, "toy", "vote"): 0.75,
    }  # fmt: skip
    assert "gain_mean" not in made[0, "toy", "greedy"] | made[1, "toy", "vote"]
    assert made[1, "toy", "greedy"]["gain_mean"] == 0.25
    assert made[1, "toy", "greedy"]["gain_p"] == 1.0
    assert rates(pl.DataFrame(schema=VALUES)) == {}


@pytest.mark.parametrize(
    ("n_correct", "n", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (385, 1000, 0.3553, 0.4156),
    ],
)
def test_wilson(n_correct: int, n: int, low: float, high: float) -> None:
    assert wilson(n_correct, n) == pytest.approx((low, high), abs=1e-4)
