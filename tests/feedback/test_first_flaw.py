"""The first step that a verifier doubts."""

from pathlib import Path

import polars as pl
import pytest

from stages.feedback.first_flaw import flaws_from_scores
from tests.fakes.reviewed_answers import reviewed
from tests.fakes.step_rows import learn, step_rows


@pytest.mark.parametrize(
    ("scores", "below", "found"),
    [
        ([[0.9, 0.8], [0.9, 0.4]], 0.5, [("a", -1, 0.8), ("b", 1, 0.4)]),
        ([[0.3, 0.1], [0.5, 0.9]], 0.5, [("a", 0, 0.1), ("b", -1, 0.5)]),
        ([[0.3, 0.1], [0.5, 0.9]], 0.2, [("a", 1, 0.1), ("b", -1, 0.5)]),
        ([[0.3], [0.5, 0.9]], 0.4, [("a", 0, 0.3), ("b", -1, 0.5)]),
        ([[], [0.5, 0.9]], 0.4, [("b", -1, 0.5)]),
        ([[], []], 0.4, []),
    ],
)
def test_the_first_step_below_the_threshold_is_wrong(
    scores: list[list[float]], below: float, found: list[tuple[str, int, float]]
) -> None:
    right = pl.DataFrame({"problem_id": ["a", "b"], "steps": [["x", "y"], ["z", "w"]]})
    rows = flaws_from_scores(right, scores, below)
    assert rows.select("problem_id", "first_wrong", "probability_min").rows() == found


def test_a_verifier_looks_through_right_answers(run_folder: Path, checkpoint: Path) -> None:
    (run_folder / "verifier").mkdir()
    learn(checkpoint, run_folder / "verifier", step_rows(), epochs=1)
    made = reviewed(run_folder, "verifier", verifier=run_folder / "verifier")
    assert sorted(made["flaws"]["problem_id"]) == ["p0", "p2"]
    assert made["flaws"]["n_steps"].to_list() == [3, 3]
    below = made["flaws"]["probability_min"] < 0.5
    assert (made["flaws"]["first_wrong"] >= 0).to_list() == below.to_list()
