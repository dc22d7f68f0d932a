"""Grades the rows of a frame. Section `grade` is here, since several stages grade."""

from typing import ClassVar

import polars as pl
from pydantic import Field

from stages.grading import Limits, Mode, grade_all
from stages.grading.reference import Reference
from stages.progress import progress
from stages.settings import Section

REFERENCE = ["kind", "answer", "options", "tests", "given"]
"""Columns of `problems` that grading needs beside a text."""


class GradeSettings(Section):
    """Section `grade`."""

    section: ClassVar[str] = "grade"
    workers: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    memory_mb: int = Field(ge=64)
    sandbox: Mode


def ungraded(graded: pl.DataFrame) -> pl.DataFrame:
    """Rows of `rejects` (item, reason, content) for the samples whose answer wasn't compared."""
    return graded.filter(pl.col("outcome").is_in(["timeout", "error"])).select(
        item="sample_id",
        reason=pl.format("grading ended in {}: {}", "outcome", pl.col("detail").fill_null("?")),
        content=pl.col("text").str.slice(0, 500),
    )


def grade_frame(frame: pl.DataFrame, settings: GradeSettings, what: str = "grade") -> pl.DataFrame:
    """The frame (REFERENCE and text) with outcome, extracted, detail and correct added."""
    items = [
        (kind, Reference(answer, tuple(options), tuple(tests), given), text)
        for kind, answer, options, tests, given, text in frame.select(*REFERENCE, "text").rows()
    ]
    with progress(what, len(items)) as advance:
        verdicts = grade_all(
            items,
            workers=settings.workers,
            limits=Limits(settings.timeout_s, settings.memory_mb),
            sandbox=settings.sandbox,
            progress=advance,
        )
    text = pl.String
    return frame.with_columns(
        pl.Series("outcome", [v.outcome for v in verdicts], text),
        pl.Series("extracted", [v.extracted for v in verdicts], text),
        pl.Series("detail", [v.detail for v in verdicts], text),
        pl.Series("correct", [v.outcome == "correct" for v in verdicts], pl.Boolean),
    )
