"""Too few rows, or none of what they are made of: one line that says what is missing."""

import polars as pl
import pytest

from schemas.errors import RatchetError
from tests.fakes.scored_paths import PATHS, corrections, run, tables

NO_LABELS = {"step_labels": tables(PATHS)["step_labels"].head(0)}
NO_SCORES = {"path_scores": tables(PATHS)["path_scores"].head(0)}


@pytest.mark.parametrize(
    ("changes", "given", "message"),
    [
        ({"margin": 0.8, "min_rows": 8}, {}, "1 pairs, fewer than pair.min_rows=8: of 5 "),
        ({"feedback": "process"}, NO_SCORES, "no path is scored: set verifier.kind=prm"),
        ({"feedback": "labels"}, NO_LABELS, "no path is labelled: set label.method=rollouts"),
        ({"feedback": "labels", "rows": "balanced"}, NO_LABELS, "no path is labelled"),
        (
            {"feedback": "outcome", "rows": "steps"},
            {"corrections": corrections().head(0)},
            "no wrong step was resampled: set correct.method=resampling",
        ),
        (
            {"feedback": "outcome", "rows": "steps"},
            {"corrections": corrections().tail(1)},
            "none of 1 wrong steps was corrected: raise correct.max_tries",
        ),
    ],
)
def test_too_little_is_one_line_that_says_what_is_missing(
    changes: dict[str, object], given: dict[str, pl.DataFrame], message: str
) -> None:
    with pytest.raises(RatchetError) as error:
        run(given=given, **changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"feedback": "none"},
        {"feedback": "process", "rows": "gold"},
        {"feedback": "outcome", "rows": "examples"},
    ],
)
def test_rows_that_need_no_feedback_do_without(changes: dict[str, object]) -> None:
    given = NO_LABELS | NO_SCORES | {"corrections": corrections().head(0)}
    assert run(given=given, **changes)["pairs"].is_empty()
