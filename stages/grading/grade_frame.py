"""Grades the rows of a frame. Section `grade`, which several stages use."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import polars as pl
from pydantic import Field

from stages.compute.compute_settings import ComputeSettings, RaySettings
from stages.compute.ray_cluster import map_on_cluster
from stages.grading.grade import BothVerdicts, Extract, Item, grade_both
from stages.grading.misuse import Graded
from stages.grading.programs.sandbox import Limits, Sandbox
from stages.grading.programs.sandbox_command import Mode
from stages.grading.reference import Reference
from stages.pipeline.params import Section
from stages.pipeline.progress_bar import progress_bar

REFERENCE_COLUMNS = ["kind", "answer", "options", "tests", "given"]
"""Columns of `problems` that grading needs beside a text."""
SHARD = 1000
"""Items that a cluster node grades at once; so few are not worth sending there."""


class GradeSettings(Section):
    """Section `grade`. `extract`: which answer of a text decides its outcome."""

    section: ClassVar[str] = "grade"
    workers: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    memory_mb: int = Field(ge=64)
    sandbox: Mode
    extract: Extract = "stated"

    def require_sandbox(self) -> None:
        """Raises RatchetError if programs can't be run here as `sandbox` says."""
        Sandbox(self.sandbox).start_and_close()


def grading_rejects(graded: pl.DataFrame) -> pl.DataFrame:
    """Rows of `rejects` (item, reason, content) for the samples whose answer wasn't compared."""
    return graded.filter(pl.col("outcome").is_in(["timeout", "error"])).select(
        item="sample_id",
        reason=pl.format("grading ended in {}: {}", "outcome", pl.col("detail").fill_null("?")),
        content=pl.col("text").str.slice(0, 500),
    )


def graded_texts(graded: pl.DataFrame) -> list[Graded]:
    """The rows of `grade_frame` as `misuse_warning` takes them; of code, tests as the reference."""
    columns = ("kind", "answer", "tests", "text", "extracted", "outcome", "outcome_flexible")
    return [
        Graded("; ".join(tests) if kind == "code" else answer, *row)
        for kind, answer, tests, *row in graded.select(*columns).rows()
    ]


def grade_frame(
    frame: pl.DataFrame,
    settings: GradeSettings,
    what: str = "grade",
    compute: ComputeSettings | None = None,
) -> pl.DataFrame:
    """The frame (REFERENCE_COLUMNS and text) with verdicts added.

    outcome, extracted, detail and correct are by `grade.extract`; outcome_stated, outcome_flexible
    and extracted_flexible are by either.
    """
    items: list[Item] = [
        (kind, Reference(answer, tuple(options), tuple(tests), given), text)
        for kind, answer, options, tests, given, text in frame.select(
            *REFERENCE_COLUMNS, "text"
        ).rows()
    ]
    with progress_bar(what, len(items)) as advance:
        if compute is None or compute.ray is None or len(items) <= SHARD:
            both = Grader(settings)(items, advance)
        else:
            both = _grade_on_cluster(items, settings, compute.ray, advance)
    verdicts = [each.verdict_of(settings.extract) for each in both]
    text = pl.String
    return frame.with_columns(
        pl.Series("outcome", [v.outcome for v in verdicts], text),
        pl.Series("extracted", [v.extracted for v in verdicts], text),
        pl.Series("detail", [v.detail for v in verdicts], text),
        pl.Series("correct", [v.outcome == "correct" for v in verdicts], pl.Boolean),
        pl.Series("outcome_stated", [each.stated.outcome for each in both], text),
        pl.Series("outcome_flexible", [each.flexible.outcome for each in both], text),
        pl.Series("extracted_flexible", [each.flexible.extracted for each in both], text),
    )


class Grader:
    """Grades items, in as many processes as `grade.workers`."""

    def __init__(self, settings: GradeSettings) -> None:
        self.settings = settings

    def __call__(
        self, items: Sequence[Item], advance: Callable[[int], None] | None = None
    ) -> list[BothVerdicts]:
        return grade_both(
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
) -> list[BothVerdicts]:
    """The same on a cluster, shard by shard; a verdict depends on its item alone."""
    shards = [items[first : first + SHARD] for first in range(0, len(items), SHARD)]
    resources = {"actors": cluster.graders, "cpus": settings.workers, "gpus": 0}
    graded: dict[int, list[BothVerdicts]] = {}
    for index, verdicts in map_on_cluster(cluster, Grader, (settings,), shards, **resources):
        graded[index] = verdicts
        advance(len(verdicts))
    return [verdict for index in range(len(shards)) for verdict in graded[index]]
