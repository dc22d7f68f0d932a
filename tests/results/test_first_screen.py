"""The first screen: verdicts from intervals, paired differences, bins that fit k."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import views
from stages.results.metrics import run_metrics
from stages.results.run_facts import Run
from stages.results.sections import gains, solve_rate_bins
from stages.results.sections.first_screen import HINT, answers
from tests.fakes.fake_run import plant

NAMED = {"recipe": "sipf", "task": "toy", "model": "tiny", "seed": 0, "iteration": 2}
TENTHS = [f"{10 * n}–{10 * n + 10}" for n in range(10)]


def ends(**gained: tuple[float, float, float] | None) -> list[gains.Ends]:
    """A suite for each gain (mean, low, high); None: evaluated once."""
    made = []
    for suite, gain in gained.items():
        row: dict[str, Any] = {"domain": "in", "accuracy": 0.5, "low": 0.4, "high": 0.6, "n": 9}
        known = dict(zip(("mean", "low", "high"), gain, strict=True)) | {"p": 0.5} if gain else {}
        after = row | ({"gain": known} if gain else {})
        made.append(gains.Ends(suite, "greedy", 0, 2, row, after))
    return made


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], "Not known: nothing was evaluated."),
        (ends(toy=None), "Not known: only one iteration was evaluated."),
        (ends(toy=(0.05, 0.03, 0.07)), "Yes: toy rose by 5.0 points [3.0, 7.0]."),
        (
            ends(toy=(0.01, -0.03, 0.05)),
            "No clear change: toy shows no clear change, 1.0 points [-3.0, 5.0].",
        ),
        (ends(toy=(-0.05, -0.07, -0.03)), "No, it got worse: toy fell, -5.0 points [-7.0, -3.0]."),
        (
            ends(a=(0.05, 0.03, 0.07), b=(-0.05, -0.07, -0.03)),
            "Mixed: a rose by 5.0 points [3.0, 7.0]; b fell, -5.0 points [-7.0, -3.0].",
        ),
    ],
)
def test_the_verdict_follows_from_the_intervals(found: list[gains.Ends], verdict: str) -> None:
    assert gains.learning_verdict(found) == verdict


def frame(*rows: tuple[str, int | None, str, float]) -> pl.DataFrame:
    wide = [(suite, level, name, name, correct) for suite, level, name, correct in rows]
    return pl.DataFrame(wide, schema=gains.GREEDY, orient="row")


def test_gaps_are_paired_over_the_problems_of_both() -> None:
    ours = frame(("b", 1, "x", 1.0), ("a", 2, "y", 1.0), ("a", 1, "z", 0.0), ("a", 1, "only", 1.0))
    theirs = frame(("b", 1, "x", 1.0), ("a", 2, "y", 0.0), ("a", 1, "z", 0.0))
    found = gains.gaps(ours, theirs)
    assert [(gap.suite, gap.found.n, gap.found.mean) for gap in found] == [
        ("a", 2, 0.5),
        ("b", 1, 0.0),
    ]
    by_level = [(gap.suite, gap.level, gap.found.mean) for gap in gains.gaps(ours, theirs, True)]
    assert by_level == [("a", 1, 0.0), ("a", 2, 1.0), ("b", 1, 0.0)]
    assert gains.gaps(ours, frame()) == []


def drawn(*counts: tuple[int, int, int]) -> list[dict[str, Any]]:
    return [
        {"moment": "before", "level": 1, "n_drawn": n, "n_correct": c, "n_problems": problems}
        for n, c, problems in counts
    ]


@pytest.mark.parametrize(
    ("rows", "names", "counts"),
    [
        (drawn((4, 0, 3), (4, 4, 2)), ["0 of 4", "1 of 4", "2 of 4", "3 of 4", "4 of 4"],
         {(1, 0): 3, (1, 4): 2}),
        (drawn((1, 0, 3), (1, 1, 2)), ["0 of 1", "1 of 1"], {(1, 0): 3, (1, 1): 2}),
        (drawn((64, 0, 3), (64, 63, 1), (64, 64, 2)), TENTHS, {(1, 0): 3, (1, 9): 3}),
        (drawn((4, 2, 3), (8, 4, 1)), TENTHS, {(1, 5): 4}),
    ],
)  # fmt: skip
def test_bins_fit_the_number_of_draws(
    rows: list[dict[str, Any]], names: list[str], counts: dict[Any, int]
) -> None:
    assert solve_rate_bins.bins(rows) == (names, counts)


@pytest.fixture
def planted_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    plant(tmp_path)
    monkeypatch.chdir(tmp_path)
    connection = views.connect()
    return Run("this run", connection, run_metrics(connection, NAMED))


def test_the_three_answers_of_a_run(planted_run: Run) -> None:
    learned, why, cost = answers(planted_run, None)
    assert [a.question for a in (learned, why, cost)] == [
        "Did it learn?", "Why?", "At what cost?"
    ]  # fmt: skip
    assert re.match(r"(Yes|No clear change|No, it got worse|Mixed): toy ", learned.verdict)
    assert learned.remarks == [HINT]
    assert [row[0] for row in why.grids[0].rows][:3] == ["problems solved", "right draws", "pairs"]
    assert why.grids[0].heads == ["", "iteration 1", "iteration 2"]
    assert why.figures[0].title == "Gain over M₀ by level, toy"
    assert "at most 300 MB of memory" in cost.verdict and "176 completions drawn" in cost.verdict
    assert all(a.figures and a.grids and a.grids[0].source for a in (learned, why, cost))


def test_a_run_beside_itself_shows_no_difference(planted_run: Run) -> None:
    twin = Run("exp-<7>", planted_run.connection, planted_run.measured)
    learned, why, cost = answers(planted_run, twin)
    (remark,) = learned.remarks
    assert remark.startswith(
        "Beside exp-<7> (recipe sipf): no clear difference on toy, +0.0 points"
    )
    assert why.grids[0].heads == ["", "this run", "exp-<7>"]
    assert {row[0] for row in cost.grids[0].rows} == {"this run", "exp-<7>"}
    assert learned.grids[1].rows[0][2:] == ["1.000", "20", "0", "0"]
