"""Which stages run: of one iteration, of the next, of none; and what is damaged is restored."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.project_copy import ProjectCopy, settings, stages_of, turn

pytestmark = pytest.mark.loop


def test_iteration_1_makes_iteration_1(project: ProjectCopy, first_run: dict[str, Any]) -> None:
    stages, printed = first_run["stages"], first_run["printed"]
    assert set(stages) == ONCE | turn(1), printed
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


ONCE = {"check", "prepare", "base", "simulator", "sft", "report", "evaluate@0", "review@0"}
LAST = "select max(iteration) as n from progress"
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
    stages, printed = project.repro("data/dvc.yaml:grade@1")
    assert {"sample@1", "grade@1"} <= set(stages), printed
    assert project.cost("sample")["n_draws"] == 0
    compared = project.run("ratchet", "compare", "HEAD", "--json")
    assert compared.returncode == 0, compared.stderr
    flips = json.loads(compared.stdout)["verdict_flips"]
    assert {row["outcome_b"] for row in flips} == {"unparseable"}
    assert "unparseable" not in {row["outcome_a"] for row in flips}
    grader.write_text(before)
    stages, printed = project.repro()
    assert stages == ["check"], printed  # it is back; what was made with it is in DVC's cache


def test_iteration_2_makes_only_the_second(project: ProjectCopy) -> None:
    project.configure("iteration=2")
    stages, printed = project.repro()
    assert set(stages) == turn(2) | {"check", "report"}, printed
    assert project.iterations() == {0, 1, 2}


def test_an_experiment_adds_only_the_third(project: ProjectCopy) -> None:
    project.quiet("git", "add", "-A")
    project.quiet("git", "commit", "-qm", "two iterations")
    printed = project.quiet("dvc", "exp", "run", "-n", "three", *settings("iteration=3"))
    assert set(stages_of(printed)) == turn(3) | {"check", "report"}, printed
    assert project.iterations() == {0, 1, 2, 3}
    assert reported(project) == {0, 1, 2, 3}


def test_back_to_two_leaves_nothing_of_the_third_and_forward_again_runs_nothing(
    project: ProjectCopy,
) -> None:
    third = project.hashes(3)
    for iteration in (2, 3):
        printed = project.quiet("dvc", "exp", "run", *settings(f"iteration={iteration}"))
        assert set(stages_of(printed)) <= {"check", "report"}, printed
        assert project.iterations() == reported(project) == {*range(iteration + 1)}
        assert "up to date" in project.quiet("dvc", "status")
    assert project.hashes(3) == third


def test_applying_branching_and_checking_out_say_nothing_of_other_iterations(
    project: ProjectCopy,
) -> None:
    project.quiet("git", "checkout", "--force", "-q", "HEAD")
    project.quiet("dvc", "checkout")
    assert project.iterations() == {0, 1, 2}
    project.quiet("dvc", "exp", "apply", "three")
    assert project.iterations() == {0, 1, 2, 3}
    project.quiet("dvc", "exp", "branch", "three", "longer")
    project.quiet("git", "checkout", "--force", "-q", "HEAD")
    project.quiet("dvc", "checkout")
    assert project.iterations() == {0, 1, 2}
    assert "evaluate@3" not in project.quiet("dvc", "dag")
    few = ("--drop", ".*[./]", "--keep", "run.recipe")
    names = project.quiet("dvc", "exp", "show", "--csv", *few).splitlines()[0].split(",")
    compared = {"run.recipe", "seed", "iteration", "accuracy", "coverage", "draws", "flawed"}
    assert compared <= {*names} and len(names) < 20, names


def test_a_second_clone_reports_without_running_anything(
    project: ProjectCopy, tmp_path: Path
) -> None:
    project.quiet("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    project.quiet("git", "commit", "-qam", "where others find it")
    project.quiet("dvc", "push")
    project.quiet("git", "clone", "-q", str(project.folder), str(tmp_path / "clone"))
    clone = ProjectCopy(tmp_path / "other", tmp_path / "clone")
    clone.quiet("dvc", "pull")
    assert clone.hashes(2) == project.hashes(2)
    assert "Data and pipelines are up to date." in clone.quiet("dvc", "repro")
    assert reported(clone) == {0, 1, 2}


def test_a_ninth_iteration_is_one_like_the_others(project: ProjectCopy) -> None:
    """It is planned, not run: a turn of the loop takes long to start, even if it does little."""
    printed = project.quiet("dvc", "exp", "run", "--dry", "--force", *settings("iteration=9"))
    assert set(stages_of(printed)) == ONCE.union(*map(turn, range(1, 10))), printed


def test_two_workers_run_the_queue(project: ProjectCopy) -> None:
    for name, *given in [("wider", "iteration=1", "pair.margin=0.03"), ("further", "iteration=3")]:
        project.quiet("dvc", "exp", "run", "--queue", "-n", name, *settings(*given))
    waiting = project.run("ratchet", "sql", "--rev", "wider", "from pairs")
    assert "wider is in the queue and has not run" in waiting.stderr
    done = project.run("dvc", "exp", "run", "--run-all", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    compared = project.run("ratchet", "compare", "HEAD", "wider", "--json")
    assert compared.returncode == 0, compared.stderr
    found = json.loads(compared.stdout)
    assert {"name": "pair.margin", "a": 0.01, "b": 0.03} in found["parameters"]
    assert not [row for row in found["parameters"] if row["name"].startswith("loop")]
    assert found["b"]["iterations"] == [0, 1]
    assert found["verdicts"] == []  # both drew, and graded, the same
    assert next(row for row in found["pairs"] if row["kind"] == "pair")["jaccard"] <= 1
    asked = project.run("ratchet", "sql", "--rev", "further", "--json", LAST)
    assert json.loads(asked.stdout) == [{"n": 3}]


def reported(project: ProjectCopy) -> set[int]:
    """The iterations of which every command that reads the run here speaks."""
    metrics = json.loads((project.folder / "metrics.json").read_text())
    asked = project.run("ratchet", "sql", "--json", "select distinct iteration from progress")
    last = json.loads((project.folder / "plots/accuracy.json").read_text())
    found = [
        {int(k) for k in metrics["iterations"]},
        {row["iteration"] for row in json.loads(asked.stdout)},
        {row["iteration"] for row in last},
    ]
    assert found[0] == found[1] == found[2]
    return found[0]
