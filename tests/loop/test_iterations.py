"""Which stages run: of one iteration, of the next, of none; and what is damaged is restored."""

import json
from typing import Any

import pytest

from tests.fakes.project_copy import SMALL, ProjectCopy, turn

pytestmark = pytest.mark.loop


def test_iteration_1_makes_iteration_1(project: ProjectCopy, first_run: dict[str, Any]) -> None:
    stages, printed = first_run["stages"], first_run["printed"]
    once = {"check", "prepare", "base", "simulator", "sft", "report", "evaluate@0", "review@0"}
    assert set(stages) == once | turn(1), printed
    assert project.iterations() == {0, 1}
    metrics = json.loads((project.folder / "metrics.json").read_text())
    assert set(metrics["iterations"]) == {"0", "1"}
    assert "<svg" in (project.folder / "report.html").read_text()


def test_a_second_run_does_nothing_and_says_so(project: ProjectCopy) -> None:
    half = project.folder / "data/samples/iteration=1/stage=sample/part.17.partial"
    half.write_text("what a killed process leaves is not part of the table")
    stages, printed = project.repro()
    assert stages == []
    assert "Data and pipelines are up to date." in printed


def test_what_is_damaged_is_named_and_brought_back(project: ProjectCopy) -> None:
    undisturbed = project.hashes(1)
    damaged = ["data/paths/iteration=1/part.parquet", "models/iteration=0/model.safetensors"]
    for name, mend in zip(damaged, (["checkout", "--force", damaged[0]], ["repro"]), strict=True):
        file = project.folder / name
        file.write_bytes(file.read_bytes()[:200])
        done = project.run("python", "-m", "stages.label", "--iteration", "1")
        (line,) = done.stderr.splitlines()
        assert done.returncode == 1 and f"label: {name} is " in line and "dvc checkout" in line
        repaired = project.run("dvc", *mend)
        assert repaired.returncode == 0, repaired.stderr
        assert project.hashes(1) == undisturbed


STRICTER = """

def _of_two_digits(completion: str, find=find_answer) -> str | None:
    found = find(completion)
    return found if found and len(found) > 1 else None


find_answer = _of_two_digits
"""


def test_another_grader_grades_again_and_draws_nothing(project: ProjectCopy) -> None:
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "graded")
    grader = project.folder / "stages/grading/mathematics/answers.py"
    before = grader.read_text()
    grader.write_text(before + STRICTER)
    stages, printed = project.repro("stages/dvc.yaml:grade@1")
    assert {"sample@1", "grade@1"} <= set(stages), printed
    assert project.cost("sample")["n_draws"] == 0
    compared = project.run("ratchet", "compare", "HEAD", "--json")
    assert compared.returncode == 0, compared.stderr
    flips = json.loads(compared.stdout)["verdict_flips"]
    assert {row["outcome_b"] for row in flips} == {"unparseable"}
    assert "unparseable" not in {row["outcome_a"] for row in flips}
    grader.write_text(before)
    stages, printed = project.repro()
    assert stages == [], printed


def test_iteration_2_makes_only_the_second(project: ProjectCopy) -> None:
    project.configure("iteration=2")
    stages, printed = project.repro()
    assert set(stages) == turn(2) | {"check", "report"}, printed
    assert project.iterations() == {0, 1, 2}


def test_an_experiment_adds_only_the_third(project: ProjectCopy) -> None:
    stages, printed = project.experiment("iteration=3")
    assert set(stages) == turn(3) | {"check", "report"}, printed
    assert project.iterations() == {0, 1, 2, 3}
    listed = project.run("ratchet", "leaderboard", "--json", "--mode", "greedy")
    assert {row["iteration"] for row in json.loads(listed.stdout)} == {0, 1, 2, 3}


def test_a_queued_experiment_is_compared_with_the_commit(project: ProjectCopy) -> None:
    settings = [part for name in (*SMALL, "iteration=1") for part in ("-S", name)]
    queued = project.run("dvc", "exp", "run", "--queue", "-n", "wider", *settings, "-S",
                       "pair.margin=0.03")  # fmt: skip
    assert queued.returncode == 0, queued.stderr
    waiting = project.run("ratchet", "sql", "--rev", "wider", "from pairs")
    assert "wider is in the queue and has not run" in waiting.stderr
    project.run("dvc", "exp", "run", "--run-all")
    compared = project.run("ratchet", "compare", "HEAD", "wider", "--json")
    assert compared.returncode == 0, compared.stderr
    found = json.loads(compared.stdout)
    assert {"name": "pair.margin", "a": 0.01, "b": 0.03} in found["parameters"]
    assert found["b"]["iterations"] == [0, 1]
    assert found["verdicts"] == []  # both drew, and graded, the same
    assert next(row for row in found["pairs"] if row["kind"] == "pair")["jaccard"] <= 1
