"""grade: is each sample's final answer right (outcome feedback, SIPF §2.1)."""

from typing import Annotated

import polars as pl

from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.compute.compute_settings import ComputeSettings
from stages.grading.grade import GRADER_VERSION
from stages.grading.grade_frame import (
    REFERENCE_COLUMNS,
    GradeSettings,
    grade_frame,
    graded_texts,
    grading_rejects,
)
from stages.grading.misuse import misuse_warning
from stages.pipeline.inputs import From, Now, Once, now
from stages.pipeline.notes import print_note
from stages.pipeline.stage import stage


@stage(writes=[now(Verdicts), now(Rejects)])
def grade(
    problems: Once[Problems],
    samples: Annotated[Now[Samples], From("sample")],
    grade: GradeSettings,
    compute: ComputeSettings,
) -> dict[str, pl.DataFrame]:
    """One verdict per sample; answers that could not be compared are rejects too."""
    asked = samples.join(problems.select("problem_id", *REFERENCE_COLUMNS), on="problem_id")
    graded = grade_frame(asked, grade, compute=compute).with_columns(grader=pl.lit(GRADER_VERSION))
    if warning := misuse_warning(graded_texts(graded)):
        print_note("grade", warning)
    return {"verdicts": graded, "rejects": grading_rejects(graded)}


if __name__ == "__main__":
    grade.main()
