"""How many completions each stage draws, and how many tokens it reads or writes, at most."""

import math
from dataclasses import dataclass
from typing import Any

from stages.planning.measured import Measured


@dataclass(frozen=True)
class Work:
    """Of one stage in one iteration.

    draws: completions, at most. tokens: of them, or of the rows trained on, at most. expected: of
    them, by lengths measured so far. None: not known, or none.
    """

    draws: int | None = None
    tokens: int | None = None
    expected: int | None = None


def drawing(n_draws: float | None, max_tokens: int, m: Measured) -> Work:
    """Completions of at most `max_tokens`."""
    if n_draws is None:
        return Work()
    count = math.ceil(n_draws)
    mean = None if m.answer_tokens is None else min(m.answer_tokens, max_tokens)
    return Work(count, count * max_tokens, None if mean is None else math.ceil(count * mean))


def _times(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def sample_work(p: Any, iteration: int, m: Measured) -> Work:
    """Stage sample: k draws of a problem, or rounds up to max_draws until it has enough."""
    if p.sample.mode == "none":
        return Work(0)
    rounds = p.sample.min_positives or p.sample.min_negatives
    k = max(p.sample.k, p.sample.max_draws) if rounds else p.sample.k
    return drawing(_times(m.n_sampled, 1 if p.sample.mode == "greedy" else k),
                   p.sample.max_tokens, m)  # fmt: skip


def guide_work(p: Any, iteration: int, m: Measured) -> Work:
    """Stage guide: as if every problem were in the tail and stayed there."""
    if p.guide.strategy in ("none", "gold"):
        return Work(0)
    return drawing(_times(m.n_sampled, p.guide.max_attempts), p.guide.max_tokens, m)


def n_labelled(p: Any, m: Measured) -> float | None:
    """Paths whose steps are labelled, at most."""
    every = _times(m.n_sampled, p.label.max_per_problem)
    most: int | None = p.label.max_paths
    return every if every is None or most is None else min(most, every)


def label_work(p: Any, iteration: int, m: Measured) -> Work:
    """Stage label: rollouts from every step but the last; or replies of a judge."""
    paths = n_labelled(p, m)
    if p.label.method == "judge":
        return Work(None if paths is None else math.ceil(paths * p.judge.max_tries))
    if p.label.method != "rollouts":
        return Work(0)
    prefixes = _times(paths, max(m.n_steps - 1, 0))
    return drawing(_times(prefixes, p.label.max_rollouts), p.label.max_tokens, m)


def correct_work(p: Any, iteration: int, m: Measured) -> Work:
    """Stage correct: tries at each wrong path."""
    if p.correct.method == "none":
        return Work(0)
    paths = n_labelled(p, m)
    known = [n for n in (p.correct.max_paths, paths) if n is not None]
    most = min(known) if known else None
    return drawing(_times(most, p.correct.max_tries), p.correct.max_tokens, m)


def evaluate_work(p: Any, iteration: int, m: Measured) -> Work:
    """Stage evaluate: one greedy answer and the votes."""
    per_problem = int(p.evaluate.greedy) + p.evaluate.n_votes
    return drawing(_times(m.n_test, per_problem), p.evaluate.max_tokens, m)


def training_work(settings: Any, rows: float | None, sides: int, p: Any, m: Measured) -> Work:
    """Tokens that training reads: rows of all epochs, or of max_steps batches."""
    seen = _times(rows, settings.epochs)
    if settings.max_steps is not None:
        seen = settings.max_steps * settings.batch_size * p.trainer.accumulate
    if seen is None:
        return Work()
    length = None if m.answer_tokens is None else m.answer_tokens + m.mean_prompt
    expected = None if length is None else min(length, settings.max_length)
    return Work(
        None,
        math.ceil(seen * sides * settings.max_length),
        None if expected is None else math.ceil(seen * sides * expected),
    )


def aligned_rows(p: Any, iteration: int, m: Measured) -> float | None:
    """Pairs or examples that align trains on, at most."""
    if p.pair.feedback == "none" or p.sample.mode == "none":
        return m.n_demonstrated
    most = p.sample.k if p.pair.max_per_problem is None else p.pair.max_per_problem
    per_problem = most * (2 if p.pair.rows == "balanced" else 1)
    drawn = _times(m.n_sampled, per_problem * (iteration if p.dedup.cumulative else 1))
    extra = m.n_demonstrated or 0 if p.pair.with_gold else 0
    return None if drawn is None else drawn + extra
