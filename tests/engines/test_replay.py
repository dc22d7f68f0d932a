"""Recorded completions through grading, deduplication and coverage."""

import json
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import RatchetError
from schemas.paths import Paths
from stages.compute.compute_settings import ComputeSettings
from stages.dedup import DedupSettings, dedup
from stages.engines.replay import ReplaySettings, replay, value_at
from stages.grade import grade
from stages.grading.grade_frame import GradeSettings
from stages.pipeline.stage_run import StageRun
from stages.prepare import prepare
from stages.tasks.datasets import DatasetsSettings, Source
from tests.fakes.real_datasets import datasets_folder
from tests.fakes.small_settings import SELECT_LAST
from tests.fakes.toy_problems import toy_problems

PROBLEMS = toy_problems()


def settings(file: Path, **changes: object) -> ReplaySettings:
    values = {
        "name": "replay",
        "file": str(file),
        "question": "question",
        "completions": ["completion"],
        "correct": None,
    }
    return ReplaySettings.model_validate(values | changes)


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_rows_become_samples_of_their_problem(tmp_path: Path) -> None:
    question = PROBLEMS["question"][0]
    row = {
        "question": f" {question} ",
        "all": [{"text": "#### 1", "ok": False}, {"text": "#### 2"}],
    }
    file = write(tmp_path / "a.jsonl", row)
    paths = {"completions": ["all.0.text", "all.1.text"], "correct": ["all.0.ok", "all.1.ok"]}
    samples, rejects = replay(settings(file, **paths), PROBLEMS)
    assert samples["problem_id"].unique().to_list() == [PROBLEMS["problem_id"][0]]
    assert dict(samples.select("text", "recorded_correct").rows()) == {
        "#### 1": False,
        "#### 2": None,
    }
    assert rejects.is_empty()


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (True, True), (1, True), (1.0, True), ("True", True), ("1", True), ("correct", True),
        (False, False), (0, False), (0.0, False), ("false", False), ("no", False), (None, None),
    ],
)  # fmt: skip
def test_recorded_verdicts_are_read_as_people_write_them(
    tmp_path: Path, given: object, recorded: bool | None
) -> None:
    row = {"question": PROBLEMS["question"][0], "completion": "#### 1", "ok": given}
    file = write(tmp_path / "a.jsonl", row)
    samples, _ = replay(settings(file, correct=["ok"]), PROBLEMS)
    assert samples["recorded_correct"].to_list() == [recorded]


def test_scores_are_no_verdicts(tmp_path: Path) -> None:
    row = {"question": PROBLEMS["question"][0], "completion": "#### 1", "ok": 0.7}
    with pytest.raises(RatchetError, match=r"engine.correct: 0.7 is no verdict: name a field"):
        replay(settings(write(tmp_path / "a.jsonl", row), correct=["ok"]), PROBLEMS)


REPLY = {"role": "assistant", "content": "#### 1"}
COMPLETIONS = [
    ("#### 1\n\nQuestion: 1 + 1?\n#### 2", ["#### 1"]),
    ("#### 1<|im_end|>", ["#### 1"]),
    ([{"role": "user", "content": "1?"}, REPLY], ["#### 1"]),
    (["#### 1", "#### 2"], ["#### 1", "#### 2"]),
    ([[REPLY], [REPLY | {"content": "#### 3"}]], ["#### 1", "#### 3"]),
]


@pytest.mark.parametrize(("completion", "texts"), COMPLETIONS)
def test_completions_are_texts_chats_or_lists(
    tmp_path: Path, completion: object, texts: list[str]
) -> None:
    row = {"question": PROBLEMS["question"][0], "completion": completion, "ok": [True] * len(texts)}
    samples, rejects = replay(
        settings(write(tmp_path / "a.jsonl", row), correct=["ok"] if len(texts) > 1 else None),
        PROBLEMS,
    )
    assert rejects.is_empty()
    assert sorted(samples["text"]) == texts
    assert samples["draw"].sort().to_list() == list(range(len(texts)))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "unknown", "completion": "x"}, "is no training problem's"),
        ({"question": PROBLEMS["question"][1]}, "has no text at completion"),
        ({"question": PROBLEMS["question"][1], "completion": 3}, "has no text at completion"),
    ],
)
def test_other_rows_are_rejects(tmp_path: Path, row: dict[str, object], reason: str) -> None:
    good = {"question": PROBLEMS["question"][0], "completion": "#### 1"}
    samples, rejects = replay(settings(write(tmp_path / "a.jsonl", good, row)), PROBLEMS)
    assert samples.height == 1
    assert reason in rejects["reason"][0]


def test_nothing_that_fits_is_one_line(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"question": "unknown", "completion": "x"})
    with pytest.raises(RatchetError, match=r"check .*; its fields: question, completion\)"):
        replay(settings(file), PROBLEMS)
    with pytest.raises(RatchetError, match="give one for each"):
        replay(settings(file, correct=["a", "b"]), PROBLEMS)


@pytest.mark.parametrize(
    ("path", "value"), [("a.b", 1), ("c.1", 3), ("c.9", None), ("x", None), ("a.b.c", None)]
)
def test_dotted_paths(path: str, value: object) -> None:
    assert value_at({"a": {"b": 1}, "c": [2, 3]}, path) == value


def test_real_recorded_solutions_agree_with_their_labels() -> None:
    folder = datasets_folder() / "gsm8k"
    task = DatasetsSettings(
        name="datasets",
        train={"gsm8k": Source(source=str(folder / "test.jsonl"))},
        test={"gsm8k": Source(source=str(folder / "train.jsonl.gz"))},
        n_train=None,
        n_test=100,
    )
    problems = prepare(task=task, select=SELECT_LAST, stage_run=StageRun(0, 0))["problems"]
    models = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]
    recorded = settings(
        folder / "example_model_solutions.jsonl.gz",
        completions=[f"{model}.solution" for model in models],
        correct=[f"{model}.is_correct" for model in models],
    )
    train = problems.filter(pl.col("split") == "train")
    samples, rejects = replay(recorded, train)
    assert (samples.height, rejects.height) == (5276, 0)
    verdicts = grade(
        problems=problems,
        samples=samples,
        grade=GradeSettings(workers=2, timeout_s=5.0, memory_mb=512, sandbox="bubblewrap"),
        compute=ComputeSettings(threads=1),
    )["verdicts"]
    judged = samples.select("sample_id", "recorded_correct").join(verdicts, on="sample_id")
    agrees = judged["recorded_correct"] == (judged["outcome"] == "correct")
    assert agrees.mean() >= 0.995, judged.filter(~agrees)
    alike = DedupSettings(keep="distinct", cumulative=False, similarity=0.9)
    paths = dedup(problems, samples, verdicts, Paths.create_empty(), task, alike, StageRun(1, 0))
    assert paths["sample_ids"].list.len().sum() == 5276
    drawn = samples.group_by("problem_id").len()
    assert drawn.height == 1319 and drawn["len"].unique().to_list() == [4]
