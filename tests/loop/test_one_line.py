"""Runs that stop early, each with one line; and recorded solutions in place of a model."""

import json
from pathlib import Path

import pytest

from stages.contract.dvc_files import params
from tests.fakes.project_copy import ProjectCopy

pytestmark = pytest.mark.loop

MISTAKES = [
    (["model=pretrained", "model.source=/no/such/model"], "/no/such/model is not a model folder"),
    (
        ["task=gsm8k", "task.train.gsm8k=/no/such/file.jsonl"],
        "there is no file /no/such/file.jsonl",
    ),
]


@pytest.mark.parametrize(("overrides", "message"), MISTAKES, ids=[m[0][0] for m in MISTAKES])
def test_a_mistake_is_one_line(fresh: ProjectCopy, overrides: list[str], message: str) -> None:
    (fresh.folder / "params.yaml").write_text(params(*overrides))
    done = fresh.run("dvc", "repro")
    assert done.returncode != 0
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_an_iteration_edited_by_hand_is_one_line(fresh: ProjectCopy) -> None:
    edited = params("iteration=2").replace("iteration: 2\n", "iteration: 1\n", 1)
    (fresh.folder / "params.yaml").write_text(edited)
    done = fresh.run("dvc", "repro")
    printed = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in printed
    assert "section loop does not fit iteration: 1, from which `dvc" in printed


def test_wrong_values_are_refused_before_anything_is_changed(fresh: ProjectCopy) -> None:
    before = (fresh.folder / "params.yaml").read_text()
    for where in ((), ("--queue",), ("--temp",)):
        done = fresh.run("dvc", "exp", "run", *where, "-S", "sample.k=0")
        (line,) = done.stderr.splitlines()
        assert done.returncode == 1 and "sample.k is 0: input should be greater" in line
        assert (fresh.folder / "params.yaml").read_text() == before
    assert "No experiment tasks in the queue" in fresh.run("dvc", "queue", "status").stdout


def gsm8k_files(folder: Path, n: int) -> tuple[str, str]:
    """A train and a test file in GSM8K's form, and completions of the training problems."""
    recorded = []
    for name, first in (("train", 0), ("test", 1000)):
        rows = []
        for i in range(first, first + n):
            more = i % 7 + 2
            question = f"Ann has {i} pens and buys {more}. How many pens has she?"
            rationale = f"She has {i}+{more}=<<{i}+{more}={i + more}>>{i + more} pens."
            rows.append({"question": question, "answer": f"{rationale}\n#### {i + more}"})
            text = f"{i}+{more}={i + more}\nThe answer is {i + more + i % 2}"
            recorded.append({"question": question, "completion": text, "ok": i % 2 == 0})
        write_lines(folder / f"{name}.jsonl", rows)
    write_lines(folder / "recorded.jsonl", recorded[:n])
    return str(folder / "train.jsonl"), str(folder / "test.jsonl")


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Overrides for GSM8K from local files."""
    train, test = gsm8k_files(tmp_path_factory.mktemp("gsm8k"), 40)
    sets = [f"task.train.gsm8k={train}", f"task.test.gsm8k={test}", "~task.test.mmlu_math"]
    return ["task=gsm8k", *sets, "iteration=1"]


def test_too_few_right_answers_stop_the_run_in_one_line(
    fresh: ProjectCopy, files: list[str]
) -> None:
    short = ["sft.max_steps=2", "sample.k=1", "sample.max_tokens=32", "evaluate.n_votes=0"]
    few = ["recipe=rft", "pair.with_gold=false", *short]
    (fresh.folder / "params.yaml").write_text(params(*files, *few))
    stages, printed = fresh.repro()
    assert stages[-1] == "pair@1", printed
    assert "training rows, but pair.min_rows=8 (" in printed
    assert "Traceback" not in printed


def test_recorded_solutions_run_through_the_data_side(fresh: ProjectCopy, files: list[str]) -> None:
    recorded = files[1].removeprefix("task.train.gsm8k=").replace("train.jsonl", "recorded.jsonl")
    engine = ["engine=replay", f"engine.file={recorded}", "engine.correct=[ok]"]
    settings = params(*files, "recipe=replay", "model=none", *engine)
    (fresh.folder / "params.yaml").write_text(settings)
    stages, printed = fresh.repro()
    assert "report" in stages, printed
    asked = fresh.run(
        "ratchet", "sql", "--json", "select count(*) as n from disagreements where iteration = 1"
    )
    assert json.loads(asked.stdout) == [{"n": 0}]
    asked = fresh.run(
        "ratchet", "sql", "--json", "select sum(n_correct) as n from coverage where iteration = 1"
    )
    assert json.loads(asked.stdout) == [{"n": 20}]
