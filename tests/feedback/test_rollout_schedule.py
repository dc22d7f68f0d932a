"""Which rollouts are drawn: never one in vain, the labels of all K, and searches for a first wrong
step; each against plain Python."""

import math
import random
from functools import cache
from statistics import mean

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stages.feedback.evidence import later_prefixes
from stages.feedback.rollout_schedule import jump_lengths
from stages.feedback.simulation import count_rollouts
from stages.label import apply_prefix_and
from tests.fakes.rollout_draws import K, Path, early, ideal, planted, played, steps_of


def least(draws: list[bool], delta: int, failures: int) -> int:
    """Rollouts until a hard label is certain, one by one."""
    right = wrong = 0
    for ok in draws:
        if right > delta or wrong >= failures:
            break
        right, wrong = right + ok, wrong + (not ok)
    return right + wrong


PATHS = st.lists(st.tuples(st.text("ab", min_size=1, max_size=6), st.booleans()), max_size=6)
RATES = st.sampled_from([0.0, 0.05, 0.3, 0.7, 1.0])
SEEDS = st.integers(0, 10**6)


@given(PATHS, SEEDS, st.integers(0, K - 1), st.one_of(st.none(), st.integers(1, 9)))
@settings(deadline=None, max_examples=25)
def test_no_rollout_is_in_vain(
    paths: list[Path], seed: int, delta: int, patience: int | None
) -> None:
    draws = planted(seed, lambda prefix: random.Random(prefix).choice([0.0, 0.2, 0.5, 0.9]))
    asked = early(delta=delta, patience=patience)
    labels, counts, rounds = played(paths, draws, asked)
    failures = min(K - delta, patience or K)
    for name, n, right in counts.select("prefix_id", "n_rollouts", "right").rows():
        assert n == least(draws(name), delta, failures)
        assert right == (sum(draws(name)[:n]) > delta)
        if patience is None:
            assert right == (sum(draws(name)) > delta)
    assert rounds <= max(counts["n_rollouts"], default=0)
    assert "inferred" not in labels["stop"]


@given(PATHS, SEEDS, RATES, st.integers(0, 3), st.booleans())
@settings(deadline=None, max_examples=25)
def test_in_order_to_the_first_wrong_step(
    paths: list[Path], seed: int, rate: float, delta: int, early_stop: bool
) -> None:
    draws = planted(seed, lambda prefix: rate)
    same = {"delta": delta, "early_stop": early_stop}
    every, _, _ = played(paths, draws, early(**same))
    some, counts, _ = played(paths, draws, early(search="first", **same))
    strict = [apply_prefix_and(rows)["label"].to_list() for rows in (some, every)]
    assert strict[0] == strict[1], "with prefix_and they are the labels of all steps"
    asked = set()
    for path, _ in paths:
        for step in range(1, len(path)):
            asked.add(path[:step])
            if sum(draws(path[:step])) <= delta:
                break
    assert set(counts.filter(pl.col("n_rollouts") > 0)["prefix_id"]) == asked
    inferred = some.filter(pl.col("stop") == "inferred")
    assert not inferred["label"].any() and inferred["n_rollouts"].sum() == 0


@given(PATHS, SEEDS, st.integers(0, 2), st.booleans())
@settings(deadline=None, max_examples=25)
@example([("aaaaaa", True)], 0, 0, True)
@example([("aba", False), ("abaaaa", False)], 0, 2, True)  # one path settles another's open step
def test_halves_have_the_labels_of_all_where_a_wrong_path_stays_wrong(
    paths: list[Path], seed: int, delta: int, early_stop: bool
) -> None:
    draws = planted(seed, lambda prefix: float("b" not in prefix))
    same = {"delta": delta, "early_stop": early_stop}
    every, _, _ = played(paths, draws, early(**same))
    some, counts, _ = played(paths, draws, early(search="bisect", **same))
    assert some["label"].to_list() == every["label"].to_list()
    measured = some.filter(pl.col("labeler") == "rollouts")
    left_open = counts.filter(pl.col("right").is_null())["prefix_id"].to_list()
    prefix = pl.col("path_id").str.head(pl.col("step") + 1)
    assert measured.select(prefix.is_in(left_open).eq(pl.col("stop") == "inferred").all()).item()
    if not early_stop:
        most = max((len(path) - 1 for path, _ in paths), default=0)
        asked = counts.filter(pl.col("n_rollouts") > 0).height
        assert asked <= len(dict(paths)) * math.ceil(math.log2(most + 1))


def test_what_a_search_did_not_measure_is_told_apart() -> None:
    known = {"a": True, "aa": True, "aaa": True, "aaab": False, "aaabb": False, "aaabbb": True}
    draws = {name: [ok] * K for name, ok in known.items()}.__getitem__
    labels, _, _ = played([("aaabbbb", False)], draws, early(search="bisect", early_stop=False))
    assert labels.select("label", "n_rollouts", "stop").rows() == [
        (True, 0, "inferred"),
        (True, 0, "inferred"),
        (True, K, "all"),
        (False, K, "all"),
        (False, K, "all"),
        (False, 0, "inferred"),
        (False, 1, "known"),
    ]


def fewest(n: int, right: int, wrong: int) -> float:
    """Expected rollouts to find which of n steps is the first wrong one, or none; all as likely."""

    @cache
    def cost(n: int) -> float:
        ways = [
            (k + 1) / (n + 1) * (wrong + cost(k)) + (n - k) / (n + 1) * (right + cost(n - 1 - k))
            for k in range(n)
        ]
        return min(ways, default=0.0)

    return cost(n)


def spent(n: int, place: int, jumps: list[int], right: int, wrong: int) -> int:
    """Rollouts until the first wrong of n steps is found at `place`."""
    low, high, total = 0, n, 0
    while low < high:
        step = low + jumps[high - low]
        total += right if step < place else wrong
        low, high = (step + 1, high) if step < place else (low, step)
    assert low == place
    return total


@pytest.mark.parametrize("changes", [{}, {"delta": 3}, {"patience": 2}, {"early_stop": False}])
@pytest.mark.parametrize("n", [1, 2, 5, 12, 30])
def test_unequal_halves_take_the_fewest_rollouts(n: int, changes: dict[str, object]) -> None:
    asked = early(search="bisect", **changes)
    right, wrong = (asked.delta + 1, asked.failure_limit) if asked.early_stop else (K, K)
    jumps = jump_lengths(n, asked)
    average = mean(spent(n, place, jumps, right, wrong) for place in range(n + 1))
    assert average == pytest.approx(fewest(n, right, wrong))
    if right == wrong:
        worst = max(spent(n, place, jumps, 1, 1) for place in range(n + 1))
        assert worst <= math.ceil(math.log2(n + 1)) + 1


def test_the_ideal_at_delta_0_is_a_cut_geometric_mean() -> None:
    assert ideal(0.3, 0) == pytest.approx((1 - 0.7**K) / 0.3)


@pytest.mark.parametrize("delta", range(5))
@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3, 0.5, 0.7, 0.9])
def test_rollouts_by_delta_and_solve_rate(delta: int, rate: float) -> None:
    paths = [(f"{chr(1000 + number)}.", True) for number in range(1000)]
    draws = planted(7, lambda prefix: rate)
    _, counts, rounds = played(paths, draws, early(delta=delta))
    taken = counts["n_rollouts"]
    assert abs(taken.mean() - ideal(rate, delta)) <= 4 * max(taken.std(), 0.1) / 1000**0.5
    assert rounds <= K
    assert (counts["right"] == [sum(draws(name)) > delta for name in counts["prefix_id"]]).all()


def test_a_right_rollout_proves_all_earlier_steps() -> None:
    paths = [("abcd", False), ("abx", False)]
    draws = {"a": [False] * K, "ab": [False] * K, "abc": [False, True] * 4}.__getitem__
    labels, counts, _ = played(paths, draws, early(evidence="later"))
    assert counts.rows() == [("a", 2, 0, 1, True), ("ab", 2, 0, 1, True), ("abc", 2, 1, 0, True)]
    assert labels["stop"].to_list() == [
        *["evidence", "evidence", "successes", "known"],
        *["evidence", "evidence", "known"],
    ]
    alone, counts, _ = played(paths, draws, early())
    assert counts["n_evidence"].to_list() == [0, 0, 0]
    assert alone["label"].to_list()[:3] == [False, False, True]


@pytest.mark.parametrize(
    ("kind", "known"),
    [("own", [0, 0, 0]), ("later", [2, 1, 0]), ("outcome", [3, 3, 0]), ("both", [5, 4, 0])],
)
def test_evidence_is_counted_apart(kind: str, known: list[int]) -> None:
    """Three samples prove the first two steps; each prefix has two rollouts, one of them right."""
    steps = steps_of([("abcd", False), ("abce", False)]).filter(~pl.col("last"))
    texts = steps.unique("prefix_id", maintain_order=True)
    ends = pl.DataFrame({"prefix_id": ["a", "ab", "abc"] * 2, "correct": [False] * 3 + [True] * 3})
    outcomes = pl.DataFrame(
        {"prefix_id": ["a", "ab"], "n": [3, 3]}, schema={"prefix_id": pl.String, "n": pl.Int32}
    )
    counts = count_rollouts(texts, ends, later_prefixes(steps), outcomes, early(evidence=kind))
    assert counts["n_evidence"].to_list() == known
    assert counts.select("n_rollouts", "n_correct").unique().rows() == [(2, 1)]
