"""Corrections: which step is the first wrong one, and when a continuation corrects it."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.corrections import Corrections
from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings
from stages.correct import CorrectSettings, correct, first_wrong_steps
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import Completion, Request
from stages.grading.grade_frame import GradeSettings
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from stages.tasks.task import TaskSettings
from tests.fakes.toy_problems import toy_problems

PROBLEMS = toy_problems().filter((pl.col("split") == "train") & (pl.col("level") > 2))
NAMES = PROBLEMS["problem_id"].to_list()
ANSWERS = dict(PROBLEMS.select("problem_id", "answer").rows())
PROMPTS = dict(PROBLEMS.select("problem_id", "prompt").rows())
SAID = ["one\n", "two\n", "#### -1"]
Tries = list[tuple[str, str]]  # what the policy writes, draw by draw, and why it ends


class Scripted:
    """Writes what the script has for a prompt (that begun by the prefix) and a draw."""

    version = "scripted-1"

    def __init__(self, script: dict[str, Tries]) -> None:
        self.script = script
        self.asked: list[tuple[str, int]] = []

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0.7, 0.95, 8)
        self.asked += [(request.text, request.draw) for request in requests]
        written = [self.script[request.text] for request in requests]
        chosen = [tries[r.draw % len(tries)] for r, tries in zip(requests, written, strict=True)]
        return [Completion(text, 2, -1.0, finish) for text, finish in chosen]


def settings(**changes: object) -> CorrectSettings:
    values = {
        "method": "resampling",
        "max_tries": 4,
        "max_paths": 100,
        "temperature": 0.7,
        "top_p": 0.95,
        "max_tokens": 8,
    }
    return CorrectSettings.model_validate(values | changes)


def wrong(name: str, problem: str, labels: str, **changes: object) -> dict[str, object]:
    """A path of three steps, each labelled + or -."""
    row = {"path_id": name, "problem_id": problem, "steps": SAID, "correct": False, "kept": True}
    row["made_in"] = 1
    return row | changes | {"labels": labels}


def tables(rows: list[dict[str, object]]) -> dict[str, pl.DataFrame]:
    said = [
        {"path_id": row["path_id"], "step": step, "label": sign == "+"}
        for row in rows
        for step, sign in enumerate(str(row["labels"]))
    ]
    schema = {"path_id": pl.String, "step": pl.Int16, "label": pl.Boolean}
    paths = pl.DataFrame([{k: v for k, v in row.items() if k != "labels"} for row in rows])
    return {"paths": paths, "step_labels": pl.DataFrame(said, schema=schema).reverse()}


def run(
    rows: list[dict[str, object]],
    script: dict[str, Tries],
    policy: Path,
    monkeypatch: pytest.MonkeyPatch,
    **changes: object,
) -> tuple[pl.DataFrame, Scripted]:
    engine = Scripted(script)
    monkeypatch.setattr("stages.engines.sampler.open_engine", lambda *_: engine)
    made = correct(
        problems=PROBLEMS,
        **tables(rows),
        policy=policy,
        correct=settings(**changes),
        task=TaskSettings(name="toy"),
        engine=TransformersSettings(
            name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=1000
        ),
        grade=GradeSettings(workers=1, timeout_s=1.0, memory_mb=512, sandbox="bubblewrap"),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(1, 0),
    )
    valid = store.validate(made.with_columns(iteration=1), Corrections, "test")
    return valid.sort("path_id"), engine


A, B = NAMES[:2]


@pytest.mark.parametrize(
    ("labels", "step", "prefix", "ends"),
    [
        ("---", 0, "", False),
        ("+--", 1, "one\n", False),
        ("-+-", 0, "", False),
        ("++-", 2, "one\ntwo\n", True),
    ],
)
def test_the_first_wrong_step(labels: str, step: int, prefix: str, ends: bool) -> None:
    planted = tables([wrong("a", A, labels)])
    found = first_wrong_steps(**planted, problems=PROBLEMS, number=9).row(0, named=True)
    assert (found["step"], found["prefix"], found["rejected_ends"]) == (step, prefix, ends)
    assert (found["rejected"], found["prompt"]) == (SAID[step], PROMPTS[A])


def test_only_kept_wrong_paths_with_a_wrong_step_and_no_more_than_asked_for() -> None:
    rows = [
        wrong("right", A, "--+", correct=True),
        wrong("duplicate", A, "+--", kept=False),
        wrong("unlabelled", A, ""),
        wrong("all right", A, "+++"),
        *(wrong(f"p{n}", NAMES[n], "+--") for n in range(10)),
    ]
    found = first_wrong_steps(**tables(rows), problems=PROBLEMS, number=99)["path_id"].to_list()
    assert sorted(found) == [f"p{n}" for n in range(10)]
    few = first_wrong_steps(**tables(rows[::-1]), problems=PROBLEMS, number=4)
    assert few["path_id"].to_list() == found[:4]


RIGHT = f"#### {ANSWERS[A]}"
NONE = (None, None)


@pytest.mark.parametrize(
    ("tries", "correction", "n_tries"),  # of step 1, «two»; the correction, and whether it ends
    [
        ([(f"deux\n{RIGHT}", "stop")], ("deux\n", False), 1),
        ([(RIGHT, "stop")], (RIGHT, True), 1),
        ([("#### -1", "stop"), ("", "stop"), (RIGHT, "stop")], (RIGHT, True), 3),
        ([("\n" + RIGHT, "stop")], ("\n" + RIGHT, True), 1),
        ([(RIGHT, "length")], (RIGHT, False), 1),
        ([("#### -1", "stop")], NONE, 4),
        ([("", "stop")], NONE, 4),
        ([(f"two\n{RIGHT}", "stop")], NONE, 4),
        ([(f" two\n\n{RIGHT}", "stop"), (f"deux\n{RIGHT}", "stop")], ("deux\n", False), 2),
    ],
)
def test_a_continuation_corrects(
    run_folder: Path,
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    tries: Tries,
    correction: tuple[str | None, bool | None],
    n_tries: int,
) -> None:
    script = {PROMPTS[A] + "one\n": tries}
    made, engine = run([wrong("a", A, "+--")], script, checkpoint, monkeypatch)
    (row,) = made.to_dicts()
    assert (row["correction"], row["correction_ends"]) == correction
    assert row["n_tries"] == n_tries == len(engine.asked)
    assert (row["step"], row["rejected"]) == (1, "two\n")


def test_paths_leave_when_corrected_and_share_the_draws_of_one_prefix(
    run_folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        wrong("a", A, "---"),
        wrong("b", A, "--", steps=["uno\n", "#### -1"]),
        wrong("c", B, "++-"),
    ]
    script = {
        PROMPTS[A]: [("#### -1", "stop"), (f"uno\n{RIGHT}", "stop"), (f"un\n{RIGHT}", "stop")],
        PROMPTS[B] + "one\ntwo\n": [(f"#### {ANSWERS[B]}", "stop")],
    }
    made, engine = run(rows, script, checkpoint, monkeypatch)
    found = made.select("path_id", "correction", "n_tries").rows()
    assert found == [("a", "uno\n", 2), ("b", "un\n", 3), ("c", f"#### {ANSWERS[B]}", 1)]
    beginnings = [PROMPTS[A], PROMPTS[B] + "one\ntwo\n"]
    asked = [(beginnings[0], 0), (beginnings[1], 0), (beginnings[0], 1), (beginnings[0], 2)]
    assert sorted(engine.asked) == sorted(asked)
    again, idle = run(rows[::-1], script, checkpoint, monkeypatch)
    assert again.equals(made) and idle.asked == []  # the ledger has them


def test_without_resampling_no_model_is_needed(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [wrong("a", A, "---")]
    made, engine = run(rows, {}, run_folder / "no model", monkeypatch, method="none")
    assert made.is_empty() and engine.asked == []


def test_a_real_policy_is_drawn_from(
    run_folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [wrong(f"p{n}", NAMES[n], "+--") for n in range(4)]
    turn = StageRun(1, 0)
    made = correct(
        problems=PROBLEMS,
        **tables(rows),
        policy=checkpoint,
        correct=settings(max_tries=2),
        task=TaskSettings(name="toy"),
        engine=TransformersSettings(
            name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=1000
        ),
        grade=GradeSettings(workers=1, timeout_s=1.0, memory_mb=512, sandbox="bubblewrap"),
        compute=ComputeSettings(threads=1),
        stage_run=turn,
    )
    assert sorted(made["path_id"]) == ["p0", "p1", "p2", "p3"]
    assert made["correction"].is_null().all()  # random weights solve nothing
    assert set(made["n_tries"]) == {2} and turn.counts["draws"] == 8


def test_resampling_without_labels_is_one_line(
    run_folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RatchetError) as error:
        run([wrong("a", A, "")], {}, checkpoint, monkeypatch)
    assert str(error.value) == (
        "correct.method=resampling needs step labels: set label.method=rollouts, "
        "or correct.method=none"
    )
