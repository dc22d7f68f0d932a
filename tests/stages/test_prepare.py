"""Malformed source rows: each is a reject with a reason, or one clear line."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.pipeline.stage_run import StageRun
from stages.prepare import prepare
from stages.tasks.datasets import DatasetsSettings
from tests.fakes.real_datasets import datasets_folder
from tests.fakes.small_settings import SELECT_LAST, toy_settings

GOOD = {"question": "How many is 2 and 2?", "answer": "2+2 = <<2+2=4>>4\n#### 4"}
TEST = {"question": "How many is 3 and 3?", "answer": "3+3 = 6\n#### 6"}


def run(train: Path, test: Path, **changes: Any) -> dict[str, pl.DataFrame]:
    """prepare on two files."""
    values = {
        "name": "datasets",
        "train": {"gsm8k": str(train)},
        "test": {"gsm8k": str(test)},
        "n_train": None,
        "n_test": None,
    }
    settings = DatasetsSettings.model_validate(values | changes)
    made: dict[str, pl.DataFrame] = prepare(
        task=settings, select=SELECT_LAST, stage_run=StageRun(0, 0)
    )
    return made


def lines(path: Path, *rows: object) -> Path:
    """A JSONL file; text goes in as it is."""
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(texts) + "\n")
    return path


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"question": "cut', "is not JSON"),
        ("[1, 2]", "is a list, not an object"),
        ("null", "is a NoneType, not an object"),
        ('"text"', "is a str, not an object"),
        ({"answer": "#### 4"}, "has no field 'question'"),
        ({"question": "Why?"}, "has no field 'answer'"),
        ({"question": "", "answer": "#### 4"}, "field 'question' is empty"),
        ({"question": "  \n", "answer": "#### 4"}, "field 'question' is empty"),
        ({"question": 7, "answer": "#### 4"}, "field 'question' is a int, not text"),
        ({"question": "Why?", "answer": ["4"]}, "field 'answer' is a list, not text"),
        ({"question": "Why?", "answer": "just 4"}, "no «#### » line"),
        ({"question": "Why?", "answer": "4\n#### "}, "no «#### » line"),
        ({"question": "x" * 200_000, "answer": "#### 4"}, "is longer than"),
        ({**GOOD, "question": "Same?", "id": "one"}, "repeats id gsm8k-train-one"),
        ({**GOOD, "question": "how many is 3 AND 3"}, "its question is also gsm8k-test"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_row_is_a_reject_with_its_reason(tmp_path: Path, row: object, reason: str) -> None:
    good = {**GOOD, "id": "one"}
    made = run(lines(tmp_path / "a.jsonl", good, row), lines(tmp_path / "b.jsonl", TEST))
    train = made["problems"].filter(pl.col("split") == "train")
    assert train["problem_id"].to_list() == ["gsm8k-train-one"]
    assert made["rejects"].height == 1
    assert reason in made["rejects"]["reason"][0]


def test_good_rows_become_problems_and_gold_examples(tmp_path: Path) -> None:
    made = run(lines(tmp_path / "a.jsonl", GOOD), lines(tmp_path / "b.jsonl", TEST))
    assert made["problems"]["answer"].to_list() == ["4", "6"]
    assert made["examples"]["completion"].to_list() == ["2+2 = 4\n#### 4"]
    assert made["progress"]["n_examples"].to_list() == [1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.jsonl", None, "task.train.gsm8k: there is no file"),
        ("empty.jsonl", b"", "has no rows"),
        ("bad.json", b"{", "bad.json is not JSON"),
        ("one.json", b"{}", "contains one dict, not a list"),
        ("bad.jsonl.gz", b"no gzip", "cannot read"),
        ("bad.parquet", b"no parquet", "cannot read"),
        (
            "all_bad.jsonl",
            b"{}\n{}\n",
            "task.train.gsm8k has no usable problem (2 rejects; the first",
        ),
        ("rows.txt", b"x", "is not a .jsonl"),
    ],
)
def test_an_unusable_file_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RatchetError) as error:
        run(path, lines(tmp_path / "b.jsonl", TEST))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_dataset_id_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=r"set task\.train\.gsm8k to a local file") as error:
        run(Path("nobody/nothing"), lines(tmp_path / "b.jsonl", TEST))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "json", "parquet", "csv"])
def test_every_form_of_file_gives_the_same_problems(tmp_path: Path, form: str) -> None:
    rows = [GOOD, {**GOOD, "question": "And 4 and 0?"}]
    path = tmp_path / f"rows.{form}"
    if form == "json":
        path.write_text(json.dumps(rows))
    elif form == "jsonl.gz":
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    elif form == "jsonl":
        lines(path, *rows)
    else:
        frame = pl.DataFrame(rows)
        frame.write_parquet(path) if form == "parquet" else frame.write_csv(path)
    made = run(path, lines(tmp_path / "b.jsonl", TEST))
    assert made["problems"].height == 3
    assert made["rejects"].is_empty()


def test_limits_count_usable_rows(tmp_path: Path) -> None:
    rows = [{**GOOD, "question": f"Q {n}?"} for n in range(9)]
    train = lines(tmp_path / "a.jsonl", "{bad", *rows)
    made = run(train, lines(tmp_path / "b.jsonl", TEST), n_train=4)
    assert made["problems"].filter(pl.col("split") == "train").height == 4


def test_the_toy_needs_no_files() -> None:
    made = prepare(task=toy_settings(), select=SELECT_LAST, stage_run=StageRun(0, 0))
    assert made["problems"].group_by("split", "demonstrated").len().height == 3
    assert made["examples"].height == 30


def test_real_gsm8k_loads_whole() -> None:
    folder = datasets_folder() / "gsm8k"
    made = run(folder / "train.jsonl.gz", folder / "test.jsonl")
    counts = dict(made["problems"].group_by("split").len().rows())
    assert counts == {"train": 7473, "test": 1319}
    assert made["rejects"].is_empty()
    joined = made["problems"].select(pl.col("rationale").list.join("")).to_series()
    assert not joined.str.contains("<<").any()
