"""Planted rollouts of paths whose steps are letters, and how many of them a label needs."""

import random
from collections.abc import Callable
from functools import cache

import polars as pl

from stages.feedback.evidence import NO_EVIDENCE, later_prefixes
from stages.feedback.rollout_schedule import next_rollouts
from stages.feedback.simulation import count_rollouts, label_rows
from stages.label import LabelSettings
from tests.fakes.small_settings import label_settings

K = 8
Path = tuple[str, bool]  # its steps, a letter each, and whether it ends right
Draws = Callable[[str], list[bool]]  # how the K rollouts of a prefix end


def early(**changes: object) -> LabelSettings:
    return label_settings(**{"max_rollouts": K, "early_stop": True} | changes)


def steps_of(paths: list[Path]) -> pl.DataFrame:
    """The columns of `prefixes` that counting needs; paths of the same letters are one."""
    rows = [
        (path, path[: step + 1], step, step == len(path) - 1, correct)
        for path, correct in dict(paths).items()
        for step in range(len(path))
    ]
    names = {"path_id": pl.String, "prefix_id": pl.String, "step": pl.Int16}
    schema = names | {"last": pl.Boolean, "correct": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def played(
    paths: list[Path], draws: Draws, asked: LabelSettings, outcomes: pl.DataFrame = NO_EVIDENCE
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """(rows of `step_labels`, counts, rounds): `simulate` with planted rollouts."""
    steps = steps_of(paths)
    inner = steps.filter(~pl.col("last"))
    texts, later = inner.unique("prefix_id", maintain_order=True), later_prefixes(inner)
    ends = pl.DataFrame(schema={"prefix_id": pl.String, "correct": pl.Boolean})
    counts, rounds = count_rollouts(texts, ends, later, outcomes, asked), 0
    while (more := next_rollouts(inner, counts, asked)).height:
        drawn = [(name, ok) for name, n, k in more.rows() for ok in draws(name)[n : n + k]]
        assert drawn and more["more"].min() > 0
        ends = pl.concat([ends, pl.DataFrame(drawn, schema=ends.schema, orient="row")])
        counts, rounds = count_rollouts(texts, ends, later, outcomes, asked), rounds + 1
    labels = label_rows(steps, counts, asked).sort("path_id", "step")
    return labels, counts.sort("prefix_id"), rounds


def planted(seed: int, rate: Callable[[str], float]) -> Draws:
    """K rollouts of a prefix, by its rate of success."""

    @cache
    def draws(prefix: str) -> list[bool]:
        rng = random.Random(f"{seed} {prefix}")
        return [rng.random() < rate(prefix) for _ in range(K)]

    return draws


def ideal(rate: float, delta: int) -> float:
    """Expected rollouts until a hard label at K is certain: no schedule does with fewer."""

    @cache
    def after(right: int, wrong: int) -> float:
        if right > delta or wrong >= K - delta:
            return 0.0
        return 1 + rate * after(right + 1, wrong) + (1 - rate) * after(right, wrong + 1)

    return after(0, 0)
