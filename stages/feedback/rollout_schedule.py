"""Which prefixes the next round draws rollouts from, and how many from each.

Each round draws only the rollouts that are needed whatever their outcome, so none is wasted: after
s right and f wrong ones a prefix needs min(delta + 1 - s, failures - f) more before its hard label
can be certain. No schedule gives the same labels with fewer rollouts; drawing them one by one would
take more rounds.

A search saves whole steps. It looks for a path's first wrong step, and labels those before it right
and those after it wrong: in order (`first`), which with label.prefix_and gives exactly the labels
of all steps; or by halves (`bisect`), which assumes that a path that is wrong stays wrong
(OmegaPRM, arXiv 2406.06592). A wrong step takes more rollouts than a right one, so the halves are
unequal: they lead to the fewest rollouts if all steps are equally likely to be the first wrong one.
"""

from typing import Literal

import polars as pl
from pydantic import Field

from stages.pipeline.params import Section


class SearchSettings(Section):
    """The settings of a section that say which rollouts a step's label takes."""

    max_rollouts: int = Field(ge=1)
    delta: int = Field(ge=0)
    early_stop: bool
    patience: int | None = Field(ge=1)
    search: Literal["all", "first", "bisect"]
    evidence: Literal["own", "later", "outcome", "both"]

    @property
    def failure_limit(self) -> int:
        """The number of wrong rollouts after which a step is labelled wrong."""
        certain = self.max_rollouts - self.delta
        return certain if self.patience is None else min(certain, self.patience)


def label_if_decided(settings: SearchSettings) -> pl.Expr:
    """Whether the step is right, from n_rollouts, n_correct and n_evidence; null while open."""
    proved = (pl.col("n_evidence") > 0) & (settings.evidence != "own")
    right = proved | (pl.col("n_correct") > settings.delta)
    wrong = pl.col("n_rollouts") - pl.col("n_correct") >= settings.failure_limit
    over = (pl.col("n_rollouts") == settings.max_rollouts) | settings.early_stop
    return pl.when(over & (right | wrong)).then(right)


def rollouts_needed(settings: SearchSettings) -> pl.Expr:
    """How many more rollouts an open prefix needs, whatever their outcome."""
    if not settings.early_stop:
        return settings.max_rollouts - pl.col("n_rollouts")
    return pl.min_horizontal(
        settings.delta + 1 - pl.col("n_correct"),
        settings.failure_limit - (pl.col("n_rollouts") - pl.col("n_correct")),
    )


def next_rollouts(
    inner: pl.DataFrame, counts: pl.DataFrame, settings: SearchSettings
) -> pl.DataFrame:
    """(prefix_id, n_rollouts, more): the rollouts of the next round; no rows once all is known.

    `inner` has the steps of each path except the last: path_id, step, prefix_id.
    """
    probes = inner
    if settings.search != "all":
        open_spans = first_wrong_spans(inner, counts).filter(pl.col("low") < pl.col("high"))
        most = max((open_spans["high"] - open_spans["low"]).to_list(), default=0)
        jumps = dict(enumerate(jump_lengths(most, settings)))
        jump = (pl.col("high") - pl.col("low")).replace_strict(jumps, return_dtype=pl.Int16)
        probes = inner.join(
            open_spans.select("path_id", step=pl.col("low") + jump), on=["path_id", "step"]
        )
    return (
        counts.filter(pl.col("right").is_null())
        .join(probes, on="prefix_id", how="semi", maintain_order="left")
        .select("prefix_id", "n_rollouts", more=rollouts_needed(settings))
    )


def first_wrong_spans(inner: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """(path_id, low, high): the path's first wrong step is one of low … high.

    `high` is known to be wrong, or is the last step, after which no rollout begins; in a path that
    ends right, the last step means that none is wrong.
    """
    step, right = pl.col("step"), pl.col("right")
    known = inner.join(counts.select("prefix_id", "right"), on="prefix_id")
    high = pl.coalesce(step.filter(~right).min(), pl.len()).cast(pl.Int16)
    return (
        known.with_columns(high=high.over("path_id"))
        .group_by("path_id")
        .agg(pl.col("high").first(), last=step.filter(right & (step < pl.col("high"))).max())
        .select("path_id", "high", low=(pl.col("last") + 1).fill_null(0).cast(pl.Int16))
    )


def jump_lengths(most: int, settings: SearchSettings) -> list[int]:
    """For 0 … `most` candidates for the first wrong step, how many to skip to the next probe."""
    if settings.search == "first":
        return [0] * (most + 1)
    if settings.early_stop:
        right, wrong = settings.delta + 1, settings.failure_limit
    else:
        right = wrong = settings.max_rollouts
    jumps, total = [0], [0]  # rollouts summed over the n + 1 places of the first wrong step
    for n in range(1, most + 1):
        totals = [
            (skip + 1) * wrong + total[skip] + (n - skip) * right + total[n - 1 - skip]
            for skip in range(n)
        ]
        total.append(min(totals))
        jumps.append(totals.index(total[n]))
    return jumps
