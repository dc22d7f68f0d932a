"""Whether two engines draw alike: a permutation test of frequencies."""

import numpy as np

from stages.engines.engine import Completion


def first_letters(done: list[Completion]) -> list[str]:
    return [c.text[:2] for c in done]


def lengths(done: list[Completion]) -> list[str]:
    return [f"{c.n_tokens} {c.finish} {len(c.text)}" for c in done]


def surprise(done: list[Completion]) -> list[str]:
    return [f"{round(c.logprob or 0, 0):.0f}" for c in done]


def chance(one: list[str], two: list[str]) -> float:
    """How often chance alone parts the two samples as far: a permutation test of frequencies."""
    _, codes = np.unique(one + two, return_inverse=True)

    def apart(order: np.ndarray) -> int:
        first = np.bincount(order[: len(one)], minlength=codes.max() + 1)
        return int(np.abs(first - np.bincount(order[len(one) :], minlength=len(first))).sum())

    shuffled = np.random.default_rng(0)
    seen = [apart(shuffled.permutation(codes)) for _ in range(500)]
    assert codes.max() > 1, "nothing to compare"
    return sum(distance >= apart(codes) for distance in seen) / len(seen)
