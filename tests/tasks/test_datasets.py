"""The task of real data: named sets, where they come from, and what becomes of their rows."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from schemas.problems import Problems
from schemas.rejects import Rejects
from stages.pipeline.params import parse
from stages.pipeline.stage_run import StageRun
from stages.prepare import prepare
from stages.tasks.task import TaskSettings
from tests.fakes.dataset_rows import MBPP
from tests.fakes.small_settings import SELECT_LAST

SUM = {"question": "How many is 2 and 2?", "answer": "2+2 = 4\n#### 4"}
OTHER = {"question": "How many is 3 and 3?", "answer": "3+3 = 6\n#### 6"}


def run(train: dict[str, Any], test: dict[str, Any], **changes: Any) -> dict[str, pl.DataFrame]:
    """prepare on these sets, whose tables pass their rules."""
    values = {"name": "datasets", "train": train, "test": test, "n_train": None, "n_test": None}
    settings = parse(TaskSettings, {"task": values | changes})
    made: dict[str, pl.DataFrame] = prepare(
        task=settings, select=SELECT_LAST, stage_run=StageRun(0, 0)
    )
    Problems.validate(made["problems"], cast=True)
    rejects = made["rejects"].with_columns(iteration=0, stage=pl.lit("prepare"))
    Rejects.validate(rejects.select(Rejects.column_names()), cast=True)
    return made


def lines(path: Path, *rows: object) -> str:
    """A JSONL file of these rows."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def test_sets_are_named_and_have_formats(tmp_path: Path) -> None:
    train = lines(tmp_path / "a.jsonl", SUM)
    mine = lines(tmp_path / "b.jsonl", {"question": "Why?", "answer": "no", "id": "first"})
    made = run({"gsm8k": train}, {"mine": {"source": mine, "format": "plain"}})
    assert made["problems"].select("problem_id", "source", "split", "demonstrated").rows() == [
        ("gsm8k-train-00000", "gsm8k", "train", True),
        ("mine-test-first", "mine", "test", False),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train": {"gsm9k": "a"}},
            "task.train.gsm9k: 'gsm9k' is not a format; did you mean 'gsm8k'?",
        ),
        (
            {"test": {"mine": {"source": "a", "format": "plane"}}},
            "task.test.mine: 'plane' is not a format; did you mean 'plain'?",
        ),
        ({"train": {"gsm8k": {"sauce": "a"}}}, "task.train.gsm8k.source is missing"),
        ({"train": {"gsm8k": {"source": "a", "of": 1}}}, "task.train.gsm8k.of is not a parameter"),
        ({"train": {"gsm8k": ""}}, "task.train.gsm8k.source is ''"),
        (
            {"train": {"gsm8k": {"source": "a", "domain": "in"}}},
            "task.train.gsm8k.domain: only suites have one",
        ),
        ({"test": {"gsm8k": {"source": "a", "domain": "inn"}}}, "task.test.gsm8k.domain is 'inn'"),
        ({"train": {"gsm8k": 3}}, "task.train.gsm8k is 3"),
        ({"train": {}}, "task.train is {}"),
        ({"train": "train.jsonl"}, "task.train is 'train.jsonl'"),
        ({"n_train": 0}, "task.n_train is 0"),
        ({"annotations": True}, "task.annotations is not a parameter"),
    ],
)
def test_a_wrong_setting_is_one_line(changes: dict[str, Any], message: str) -> None:
    values = {"name": "datasets", "train": {"gsm8k": "a"}, "test": {}, "n_train": None}
    with pytest.raises(RatchetError) as error:
        parse(TaskSettings, {"task": values | {"n_test": None} | changes})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_suite_is_in_domain_by_its_name_or_by_its_word(tmp_path: Path) -> None:
    train = lines(tmp_path / "a.jsonl", SUM)
    test = lines(tmp_path / "b.jsonl", {"question": "Why?", "answer": "4"})
    plain = {"source": test, "format": "plain"}
    suites = {
        "gsm8k": plain,
        "like": plain | {"domain": "in"},
        "other": plain,
        "plain": plain | {"domain": "out"},
    }
    made = run({"gsm8k": train, "plain": train}, suites)["problems"]
    domains = dict(made.filter(pl.col("split") == "test").select("source", "domain").rows())
    assert domains == {"gsm8k": "in", "like": "in", "other": "out", "plain": "out"}
    assert made.filter(pl.col("split") == "train")["domain"].null_count() == 2


def test_forms_of_a_problem_know_each_other(tmp_path: Path) -> None:
    rows = [MBPP, MBPP | {"task_id": 701, "text": "Write another."}]
    tasks, sums = lines(tmp_path / "a.jsonl", *rows), lines(tmp_path / "b.jsonl", SUM)
    made = run({"mbpp": tasks, "gsm8k": sums}, {})["problems"]
    assert dict(made.group_by("form_of").len().rows()) == {
        "mbpp-train-00700": 6,
        "mbpp-train-00701": 6,
        None: 1,
    }


def test_limits_count_usable_rows_of_each_set(tmp_path: Path) -> None:
    many = [{**SUM, "question": f"Q {n}?"} for n in range(9)]
    a = lines(tmp_path / "a.jsonl", {}, *many)
    b = lines(tmp_path / "b.jsonl", *({**row, "question": f"B{n}"} for n, row in enumerate(many)))
    more = {"source": a, "format": "gsm8k"}
    made = run({"gsm8k": a, "more": more}, {"gsm8k": b}, n_train=3, n_test=2)
    counts = made["problems"].group_by("source", "split").len().rows()
    assert set(counts) == {("gsm8k", "test", 2), ("gsm8k", "train", 3), ("more", "train", 3)}


def test_one_mbpp_file_serves_both_splits(tmp_path: Path) -> None:
    rows = [MBPP, MBPP | {"task_id": 20, "text": "Write another."}, MBPP | {"task_id": 5}, MBPP]
    file = lines(tmp_path / "mbpp.jsonl", *rows)
    made = run({"mbpp": file}, {"mbpp": file}, n_test=1)
    assert made["problems"]["problem_id"].to_list() == [
        *(f"mbpp-train-00700-f{n}" for n in range(6)),
        *(f"mbpp-test-00020-f{n}" for n in range(6)),
    ]
    reasons = dict(made["rejects"].group_by("reason").len().rows())
    assert reasons == {
        "is of MBPP's test split, not of train": 1,
        "is of MBPP's prompt split, not of train": 1,
        "is of MBPP's train split, not of test": 1,
        **{f"repeats id mbpp-train-00700-f{n}": 1 for n in range(6)},
    }


def test_training_problems_of_any_suite_are_taken_out(tmp_path: Path) -> None:
    rows = [{**SUM, "question": name} for name in ("Keep?", "HOW many is 3, and 3?", "why so")]
    train = lines(tmp_path / "a.jsonl", *rows)
    one = lines(tmp_path / "b.jsonl", OTHER)
    two = lines(tmp_path / "c.jsonl", {"question": "Why so?", "answer": "4"})
    code = MBPP | {"task_id": 20, "text": "Write: a function, to add!"}
    tasks = lines(tmp_path / "d.jsonl", MBPP, MBPP | {"task_id": 701, "text": "Another."}, code)
    made = run({"gsm8k": train, "mbpp": tasks}, {"gsm8k": one, "plain": two, "mbpp": tasks})
    leaked = made["rejects"].filter(pl.col("reason").str.starts_with("its question"))
    wanted = {
        "gsm8k-train-00001": "its question is also gsm8k-test-00000's",
        "gsm8k-train-00002": "its question is also plain-test-00000's",
        **{f"mbpp-train-00700-f{n}": "its question is also mbpp-test-00020-f0's" for n in range(6)},
    }
    assert dict(leaked.select("item", "reason").rows()) == wanted
    left = made["problems"].filter(pl.col("split") == "train")["problem_id"].to_list()
    assert left == ["gsm8k-train-00000", *(f"mbpp-train-00701-f{n}" for n in range(6))]


def test_a_suite_without_a_usable_row_is_one_line(tmp_path: Path) -> None:
    train = lines(tmp_path / "a.jsonl", SUM)
    with pytest.raises(RatchetError) as error:
        run({"gsm8k": train}, {"gsm8k": train, "svamp": train})
    assert str(error.value) == (
        "task.test.svamp has no usable problem (1 rejects; the first: test.svamp a.jsonl:1 has no "
        "field 'Body' (it has: question, answer))"
    )


def test_two_sets_of_one_file_have_rejects_of_their_own(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {}, SUM)
    made = run({"gsm8k": file, "again": {"source": file, "format": "gsm8k"}}, {})
    assert made["rejects"]["item"].to_list() == ["train.gsm8k a.jsonl:1", "train.again a.jsonl:1"]


def test_any_question_can_be_asked_for_a_program(tmp_path: Path) -> None:
    train = lines(tmp_path / "a.jsonl", SUM)
    program = {"question": "So?", "answer_cot": "print(1)", "answer_value": "1"}
    pot = lines(tmp_path / "b.jsonl", program)
    sets = {
        "gsm8k": {"source": train, "program": True},
        "pot": {"source": pot, "format": "mathinstruct_pot"},
    }
    problems = run(sets, {})["problems"]
    assert problems["kind"].to_list() == ["program", "program"]
    assert problems["demonstrated"].to_list() == [False, True]
    assert problems["prompt"][0] == (
        "Question: How many is 2 and 2?\nWrite a Python program that prints the answer.\nProgram:\n"
    )


WORKED = "Add. Then halve:\n\\[\n4/2 = 2\n\\]\n\nSo\nit is 2."


@pytest.mark.parametrize(
    ("steps", "row", "rationale"),
    [
        ("auto", {}, ["Add. Then halve:\n\\[\n4/2 = 2\n\\]\n\n", "So\nit is 2."]),
        ("lines", {}, ["Add. Then halve:\n\\[\n4/2 = 2\n\\]\n\n", "So\n", "it is 2."]),
        ("sentences", {}, ["Add. ", "Then halve:\n\\[\n4/2 = 2\n\\]\n\n", "So\nit is 2."]),
        ("sentences", {"rationale": ["A. B", "C"]}, ["A. B\n", "C"]),  # its own steps
        ("auto", {"kind": "program", "rationale": "x = 4\n\ny = 2\nprint(x / y)"}, [
            "x = 4\n\n", "y = 2\n", "print(x / y)",
        ]),
    ],
)  # fmt: skip
def test_a_setting_says_what_steps_are(
    steps: str, row: dict[str, Any], rationale: list[str], tmp_path: Path
) -> None:
    plain = {"question": "What is (2+2)/2?", "answer": "2", "rationale": WORKED} | row
    file = lines(tmp_path / "plain.jsonl", plain)
    problems = run({"plain": file}, {}, steps=steps)["problems"]
    assert problems["rationale"].to_list() == [rationale]


def test_a_json_file_may_hold_an_object_a_line_and_may_be_at_a_url(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    lines(file, SUM, OTHER)
    assert run({"gsm8k": str(file)}, {})["problems"].height == 2
    assert run({"gsm8k": file.as_uri()}, {})["problems"].height == 2
    for url in ((tmp_path / "none.json").as_uri(), "nothing://x.jsonl"):
        with pytest.raises(RatchetError, match=r"task\.train\.gsm8k: cannot read \S+: ") as error:
            run({"gsm8k": url}, {})
        assert "\n" not in str(error.value)


def test_an_id_names_its_subset_and_split(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    asked = []

    def load_dataset(
        name: str, subset: str | None, split: str, revision: str | None = None
    ) -> list[dict[str, str]]:
        asked.append((name, subset, split))
        return [{**SUM, "question": f"{name} {split}?"}]

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    form = {"format": "gsm8k"}
    ids = {"gsm8k": "openai/gsm8k:main", "b": {"source": "a/b", **form}}
    run(ids, {"c": {"source": "c/d:sub@train", **form}, "e": {"source": "e/f@dev", **form}})
    assert asked == [
        ("openai/gsm8k", "main", "train"),
        ("a/b", None, "train"),
        ("c/d", "sub", "train"),
        ("e/f", None, "dev"),
    ]
