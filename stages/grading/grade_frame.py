"""Grades the rows of a frame. Section `grade` is here, since several stages grade."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import polars as pl
from pydantic import Field

from stages.compute.compute_settings import ComputeSettings, RaySettings
from stages.compute.ray_cluster import map_on_cluster
from stages.grading.grade import Item, grade_all
from stages.grading.programs.sandbox import Limits, Mode
from stages.grading.reference import Reference, Verdict
from stages.pipeline.params import Section
from stages.pipeline.progress_bar import progress_bar

REFERENCE_COLUMNS = ["kind", "answer", "options", "tests", "given"]
"""Columns of `problems` that grading needs beside a text."""
SHARD = 1000
"""Items that a node of a cluster grades at once; so few are not worth the way there."""


class GradeSettings(Section):
    """Section `grade`."""

    section: ClassVar[str] = "grade"
    workers: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    memory_mb: int = Field(ge=64)
    sandbox: Mode


def grading_rejects(graded: pl.DataFrame) -> pl.DataFrame:
    """Rows of `rejects` (item, reason, content) for the samples whose answer wasn't compared."""
    return graded.filter(pl.col("outcome").is_in(["timeout", "error"])).select(
        item="sample_id",
        reason=pl.format("grading ended in {}: {}", "outcome", pl.col("detail").fill_null("?")),
        content=pl.col("text").str.slice(0, 500),
    )


def grade_frame(
    frame: pl.DataFrame,
    settings: GradeSettings,
    what: str = "grade",
    compute: ComputeSettings | None = None,
) -> pl.DataFrame:
    """The frame (REFERENCE and text) with outcome, extracted, detail and correct added."""
    items: list[Item] = [
        (kind, Reference(answer, tuple(options), tuple(tests), given), text)
        for kind, answer, options, tests, given, text in frame.select(
            *REFERENCE_COLUMNS, "text"
        ).rows()
    ]
    with progress_bar(what, len(items)) as advance:
        if compute is None or compute.ray is None or len(items) <= SHARD:
            verdicts = Grader(settings)(items, advance)
        else:
            verdicts = _grade_on_cluster(items, settings, compute.ray, advance)
    text = pl.String
    return frame.with_columns(
        pl.Series("outcome", [v.outcome for v in verdicts], text),
        pl.Series("extracted", [v.extracted for v in verdicts], text),
        pl.Series("detail", [v.detail for v in verdicts], text),
        pl.Series("correct", [v.outcome == "correct" for v in verdicts], pl.Boolean),
    )


class Grader:
    """Grades items, in as many processes as `grade.workers`."""

    def __init__(self, settings: GradeSettings) -> None:
        self.settings = settings

    def __call__(
        self, items: Sequence[Item], advance: Callable[[int], None] | None = None
    ) -> list[Verdict]:
        return grade_all(
            items,
            workers=self.settings.workers,
            limits=Limits(self.settings.timeout_s, self.settings.memory_mb),
            sandbox=self.settings.sandbox,
            progress=advance,
        )


def _grade_on_cluster(
    items: Sequence[Item],
    settings: GradeSettings,
    cluster: RaySettings,
    advance: Callable[[int], None],
) -> list[Verdict]:
    """The same on a cluster, shard by shard; a verdict is its item's own, whoever grades it."""
    shards = [items[first : first + SHARD] for first in range(0, len(items), SHARD)]
    resources = {"actors": cluster.graders, "cpus": settings.workers, "gpus": 0}
    graded: dict[int, list[Verdict]] = {}
    for shard, verdicts in map_on_cluster(cluster, Grader, (settings,), shards, **resources):
        graded[shard] = verdicts
        advance(len(verdicts))
    return [verdict for place in range(len(shards)) for verdict in graded[place]]
