"""Answers of a model to problems, graded."""

import polars as pl

from stages.engines.sample_rows import own_completions
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings, grade_frame
from stages.models.sampling import Sampling


def sample_answers(
    sampler: Sampler,
    problems: pl.DataFrame,
    k: int,
    sampling: Sampling,
    grade: GradeSettings,
    what: str,
) -> pl.DataFrame:
    """k graded answers of each problem; `what` is drawn, for the progress bar."""
    draws = pl.DataFrame({"draw": range(k)}, schema={"draw": pl.Int32})
    rows = problems.join(draws, how="cross", maintain_order="left_right")
    requests = sampler.requests(rows["prompt"].to_list(), rows["draw"].to_list(), sampling)
    completions = own_completions(sampler.sample(requests, sampling, what), rows["kind"].to_list())
    rows = rows.with_columns(
        pl.Series("text", [c.text for c in completions], pl.String),
        pl.Series("n_tokens", [c.n_tokens for c in completions], pl.Int32),
    )
    return grade_frame(rows, grade, compute=sampler.compute)
