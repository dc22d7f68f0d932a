"""Rows of `verdicts`, and where they are stored."""

import polars as pl

ROWS = pl.DataFrame(
    {
        "sample_id": ["b", "a", "c"],
        "problem_id": ["p", "q", "p"],
        "outcome": ["correct", "wrong", "unparseable"],
        "extracted": ["1", "2", None],
        "detail": [None, "exact", None],
        "grader": ["g"] * 3,
        "outcome_stated": ["correct", "wrong", "unparseable"],
        "outcome_flexible": ["correct", "wrong", "correct"],
        "extracted_flexible": ["1", "2", "3"],
    }
)
PLACE = {"iteration": 1, "stage": "grade"}
