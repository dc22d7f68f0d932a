"""Experiments with other settings, recipes and tasks run only what they change."""

import json

import pytest

from tests.fakes.project_copy import ProjectCopy

pytestmark = pytest.mark.loop


def test_another_margin_runs_nothing_before_pair(project: ProjectCopy) -> None:
    stages, printed = project.experiment("iteration=1", "pair.margin=0.02")
    late = {"check", "pair@1", "align@1", "evaluate@1", "review@1", "stats@1", "report"}
    assert {"pair@1"} <= set(stages) <= late, printed


def test_another_recipe_samples_nothing(project: ProjectCopy) -> None:
    stages, printed = project.experiment("iteration=1", "recipe=rft")
    assert "align@1" in stages, printed
    assert not {"base", "sft", "sample@1", "grade@1", "guide@1"} & set(stages), printed


@pytest.mark.parametrize(
    ("recipe", "first"), [("step_kto", "sample@1"), ("step_dpo", "correct@1"), ("irpo", "label@1")]
)
def test_recipes_that_sample_alike_share_their_samples(
    project: ProjectCopy, recipe: str, first: str
) -> None:
    stages, printed = project.experiment("iteration=1", f"recipe={recipe}", "pair.min_rows=1")
    assert first in stages and {"pair@1", "align@1", "report"} <= set(stages), printed
    assert not {"base", "sft", "evaluate@0"} & set(stages), printed
    assert ("sample@1" in stages) == (first == "sample@1"), printed


def test_guidance_reuses_the_plain_samples(project: ProjectCopy) -> None:
    settings = ["guide.max_attempts=3", "pair.min_rows=1"]
    stages, printed = project.experiment("iteration=1", "recipe=gsi_state_reset", *settings)
    assert {"sample@1", "guide@1", "align@1", "report"} <= set(stages), printed
    stages, printed = project.experiment("iteration=1", "recipe=adaptive", *settings)
    assert {"guide@1", "report"} <= set(stages), printed
    assert not {"base", "sft", "sample@1", "grade@1"} & set(stages), printed
    query = "select strategy, max(attempt) as n from samples where iteration = 1 group by all"
    asked = project.run("ratchet", "sql", "--json", query)
    attempts = {row["strategy"]: row["n"] for row in json.loads(asked.stdout)}
    assert attempts == {"unguided": 0, "adaptive": 3}


def test_code_runs_the_whole_loop(project: ProjectCopy) -> None:
    stages, printed = project.experiment("iteration=1", "task=toy_code", "pair.min_rows=1")
    assert {"sample@1", "grade@1", "dedup@1", "label@1", "align@1", "report"} <= set(stages), (
        printed
    )
    asked = project.run(
        "ratchet", "sql", "--json", "select outcome, count(*) as n from verdicts group by all"
    )
    outcomes = {row["outcome"]: row["n"] for row in json.loads(asked.stdout)}
    assert outcomes["correct"] > 0 and outcomes["wrong"] > 0 and "error" not in outcomes


def test_the_leaderboard_has_a_row_per_experiment(project: ProjectCopy) -> None:
    listed = project.run("ratchet", "leaderboard", "--json", "--mode", "greedy")
    rows = json.loads(listed.stdout)
    assert {row["recipe"] for row in rows} == {
        *("sipf", "rft", "step_kto", "step_dpo", "irpo", "gsi_state_reset", "adaptive")
    }
    assert {row["task"] for row in rows} == {"toy", "toy_code"}
    assert {row["iteration"] for row in rows} == {0, 1}
