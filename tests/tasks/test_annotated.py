"""Steps that people judged: what of their files is used, and the verifier's figures on them."""

import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas import store, views
from schemas.annotated_steps import AnnotatedSteps
from schemas.errors import RatchetError
from schemas.paths import Paths
from stages.compute.compute_settings import ComputeSettings
from stages.feedback.verifier_scores import ScoreSettings
from stages.models.folders import mark_empty
from stages.pipeline.stage_run import StageRun
from stages.score import annotated_solutions, score
from stages.tasks import prompts
from stages.tasks.annotated import AnnotatedSolution, solutions
from tests.fakes.real_datasets import datasets_folder
from tests.fakes.step_rows import learn, step_rows

BENCH = {
    "id": "gsm8k-7",
    "generator": "some-model",
    "problem": "How many is 2 and 3, twice?",
    "steps": ["2 and 3 is 5.", "Twice 5 is 11.", "The answer is 11."],
    "final_answer_correct": False,
    "label": 1,
}
FIGURE = {
    "idx": 7,
    "question": "How many is 2 and 3, twice?",
    "gold_answer": "2+3=5\n5*2=10\n#### 10",
    "sample_answer": "2+3=5\n5*2=11\n#### 11",
    "gold_ans": "10",
    "sample_ans": "11",
    "sample_answer_step_correctness": [
        {"step_idx": n, "human_ans": right} for n, right in enumerate((1, 0, 0))
    ],
}
JUDGED = "sample_answer_step_correctness"
TWO_LINES = "2 and 3 is 5. Twice 5 is 11.\n\nThe answer is 11."


def lines(path: Path, *rows: object) -> str:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def made(tmp_path: Path, *rows: object) -> list[Any]:
    return [*solutions(lines(tmp_path / "a.jsonl", *rows), "score.annotated.a")]


def numbered_from_1(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry | {"step_idx": n} for n, entry in enumerate(row[JUDGED], 1)]


USED = [
    (BENCH, [True, False, None]),
    (BENCH | {"label": -1}, [True, True, True]),
    (BENCH | {"label": 0}, [False, None, None]),
    (BENCH | {"label": 2}, [True, True, False]),
    (FIGURE, [True, False, False]),
    (FIGURE | {JUDGED: numbered_from_1(FIGURE)}, [True, False, False]),
    (FIGURE | {"steps": [1]}, [True, False, False]),
    (
        {k: v for k, v in FIGURE.items() if k != JUDGED} | {"steps": FIGURE[JUDGED]},
        [True, False, False],
    ),
    (FIGURE | {"sample_answer": TWO_LINES}, [True, False, False]),
]


@pytest.mark.parametrize(("row", "sound"), USED)
def test_both_layouts(tmp_path: Path, row: dict[str, Any], sound: list[bool | None]) -> None:
    (found,) = made(tmp_path, row)
    assert isinstance(found, AnnotatedSolution)
    assert found.sound == sound and len(found.steps) == 3
    assert found.prompt == prompts.math("How many is 2 and 3, twice?")
    assert found.item in ("gsm8k-7", "7") and found.level is None
    assert "".join(found.steps).count("\n") >= 2


def test_a_level_and_a_prompt_are_taken(tmp_path: Path) -> None:
    (found,) = made(tmp_path, BENCH | {"level": "Level 3", "prompt": "How many?\n"})
    assert (found.level, found.prompt) == (3, "How many?\n")


UNUSABLE = [
    (BENCH | {"label": 3}, "field 'label' is 3, not one of its 3 steps or -1"),
    (BENCH | {"label": -2}, "field 'label' is -2"),
    (BENCH | {"label": True}, "field 'label' is True"),
    (BENCH | {"label": None}, "field 'label' is None"),
    (BENCH | {"steps": []}, "field 'label' is 1, not one of its 0 steps"),
    (BENCH | {"steps": "one"}, "field 'steps' is no list of texts"),
    (BENCH | {"steps": ["one", " "]}, "field 'steps' is no list of texts"),
    (BENCH | {"problem": ""}, "field 'problem' is empty"),
    (BENCH | {"id": None}, "has no field 'id' that names it"),
    (FIGURE | {"idx": " "}, "has no field 'idx' that names it"),
    (FIGURE | {JUDGED: FIGURE[JUDGED][:2]}, "step_idx does not count the 3 steps"),
    (FIGURE | {JUDGED: [{"step_idx": 0}] * 3}, "step_idx does not count the 3 steps"),
    (FIGURE | {JUDGED: [1, 0, 0]}, f"field '{JUDGED}' is no list of {{step_idx, human_ans}}"),
    (
        FIGURE | {JUDGED: [{"step_idx": n, "human_ans": "1"} for n in range(3)]},
        "human_ans is not 0 or 1 for each step",
    ),
    ({"id": "a"}, "has no field 'sample_answer'"),
    ([], "is a list, not an object"),
    (BENCH, "repeats id gsm8k-7"),
]


@pytest.mark.parametrize(("row", "reason"), UNUSABLE)
def test_a_row_that_is_no_solution_is_a_reject(tmp_path: Path, row: object, reason: str) -> None:
    file = lines(tmp_path / "a.jsonl", BENCH, row)
    rows, rejects = annotated_solutions({"bench": file})
    assert rows.select("dataset", "item").rows() == [("bench", "gsm8k-7")]
    assert rejects["item"].to_list() == ["bench a.jsonl:2"]
    assert rejects["reason"][0].startswith(reason)


def test_a_file_of_no_use_is_one_line(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"id": "a"})
    with pytest.raises(RatchetError, match=r"score.annotated.a: .*a.jsonl has no usable solution"):
        [*solutions(file, "score.annotated.a")]
    with pytest.raises(RatchetError, match=r"score.annotated.a: there is no file"):
        [*solutions(str(tmp_path / "b.jsonl"), "score.annotated.a")]


def test_every_row_of_processbench_is_used() -> None:
    counts = {"gsm8k.json": 400, "math.json": 1000, "olympiadbench.json.gz": 1000}
    sound = {"gsm8k.json": 193, "math.json": 406, "olympiadbench.json.gz": 339}
    for name, wanted in counts.items():
        found = [*solutions(str(datasets_folder() / "processbench" / name), "a")]
        assert len(found) == wanted and all(isinstance(one, AnnotatedSolution) for one in found)
        assert sum(all(one.sound) for one in found) == sound[name]


# the stage


def settings(max_length: int = 128, **files: str) -> ScoreSettings:
    values = {"batch_size": 4, "max_length": max_length, "annotated": files}
    return ScoreSettings.model_validate(values)


def scored(
    verifier: Path, problems: pl.DataFrame, files: dict[str, str], max_length: int = 128
) -> dict[str, pl.DataFrame]:
    frames: dict[str, pl.DataFrame] = score(
        problems=problems,
        paths=Paths.create_empty().drop("iteration"),
        verifier=verifier,
        score=settings(max_length, **files),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(1, 0),
    )
    return frames


def test_a_verifier_that_knows_is_right_on_every_step(
    checkpoint: Path, problems: pl.DataFrame, run_folder: Path
) -> None:
    (run_folder / "verifier").mkdir()
    learn(checkpoint, run_folder / "verifier", step_rows())
    rows = [
        {
            "id": path,
            "problem": "?",
            "prompt": prompt,
            "steps": [step.strip() for step in steps],
            "label": int(labels.index(0.0)) if 0.0 in labels else -1,
            "level": 1 + len(steps),
        }
        for path, prompt, steps, labels in step_rows().rows()
    ]
    file = lines(run_folder / "a.jsonl", *rows, {"id": "bad"})
    made = scored(run_folder / "verifier", problems, {"known": file})
    assert made["step_scores"].is_empty() and made["rejects"].height == 1
    store.write(made["annotated_steps"], AnnotatedSteps, iteration=1)
    connection = views.connect()
    ((*_, n_wrong, n_sound, wrong, sound, f1),) = connection.execute("from first_errors").fetchall()
    assert (n_wrong, n_sound, wrong, sound, f1) == (24, 8, 1.0, 1.0, 1.0)
    shares = connection.execute("select level, n, accuracy from annotated_accuracy").fetchall()
    assert shares == [(2, 8, 1.0), (3, 32, 1.0)]
    cut = scored(run_folder / "verifier", problems, {"known": file}, max_length=16)
    assert cut["annotated_steps"]["probability"].null_count() > 0
    assert cut["annotated_steps"].height == made["annotated_steps"].height


def test_without_a_verifier_nothing_is_scored(tmp_path: Path, problems: pl.DataFrame) -> None:
    mark_empty(tmp_path, "none")
    made = scored(tmp_path, problems, {"a": lines(tmp_path / "a.jsonl", BENCH)})
    assert all(frame.is_empty() for frame in made.values())


# ProcessBench's figures: (label, the step that is found), shares and F1 counted by hand
COUNTED = [
    ([(-1, -1), (0, 0)], 1, 1, 1.0, 1.0, 1.0),
    ([(-1, 0), (0, 0)], 1, 1, 1.0, 0.0, 0.0),
    ([(-1, 0), (0, -1)], 1, 1, 0.0, 0.0, 0.0),
    ([(-1, -1), (-1, -1), (-1, 2), (-1, 0), (1, 1), (2, 1), (0, 0)], 3, 4, 2 / 3, 1 / 2, 4 / 7),
    ([(-1, -1), (1, 0), (1, 2), (1, -1), (1, 1)], 4, 1, 1 / 4, 1.0, 2 / 5),
    ([(-1, -1)], 0, 1, None, 1.0, None),
]


@pytest.mark.parametrize(("cases", "n_wrong", "n_sound", "wrong", "sound", "f1"), COUNTED)
def test_f1_by_hand(
    run_folder: Path, cases: list[tuple[int, int]], n_wrong: int, n_sound: int,
    wrong: float | None, sound: float, f1: float | None,
) -> None:  # fmt: skip
    rows = [
        {"dataset": "hand", "item": f"{n}", "step": step, "level": None,
         "sound": True if label == -1 or step < label else False if step == label else None,
         "probability": 0.1 if step == found else 0.3 if step > found >= 0 else 0.5}
        for n, (label, found) in enumerate(cases) for step in range(3)
    ]  # fmt: skip
    store.write(pl.DataFrame(rows, infer_schema_length=None), AnnotatedSteps, iteration=1)
    connection: duckdb.DuckDBPyConnection = views.connect()
    (row,) = connection.execute("from first_errors").fetchall()
    assert row[:4] == (1, "hand", n_wrong, n_sound)
    assert row[4:] == pytest.approx((wrong, sound, f1))
