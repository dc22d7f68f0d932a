"""The toy's problems."""

import polars as pl

from schemas.problems import Problems
from stages.prepare import separate_rejects
from stages.tasks.toy import TASK
from tests.fakes.small_settings import toy_settings


def toy_problems(seed: int = 0, **changes: object) -> pl.DataFrame:
    """The toy's problems as the table holds them."""
    rows, _ = separate_rejects(TASK.problems(toy_settings(**changes), seed), "toy")
    return pl.DataFrame(rows, schema=Problems.polars_schema())
