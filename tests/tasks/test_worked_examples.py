"""Worked examples: from the training set, or from a file."""

import json
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.models.model_settings import ScratchSettings
from stages.tasks.prompts import math
from stages.tasks.worked_examples import worked_examples
from tests.fakes.small_settings import scratch_settings


def problem(n: int, kind: str = "math", **changes: object) -> dict[str, object]:
    row = {
        "problem_id": f"p{n}",
        "split": "train",
        "demonstrated": True,
        "kind": kind,
        "prompt": math(f"{n}?"),
        "rationale": [f"{n}\n", f"#### {n}"],
    }
    return row | changes


PROBLEMS = pl.DataFrame(
    [
        *[problem(n) for n in range(6)],
        problem(6, split="test"),
        problem(7, demonstrated=False),
        problem(8, kind="code"),
    ]
)


def settings(**changes: object) -> ScratchSettings:
    return scratch_settings(**{"prompt": "few_shot", "n_examples": 2} | changes)


def test_one_more_than_is_shown_of_the_demonstrated_training_problems() -> None:
    found = worked_examples(settings(), PROBLEMS)
    assert len(found) == 3
    assert {e.prompt for e in found} <= {math(f"{n}?") for n in range(6)}
    assert all(e.solution == "{0}\n#### {0}".format(e.prompt[10]) for e in found)
    assert worked_examples(settings(), PROBLEMS.reverse()) == found


@pytest.mark.parametrize("prompt", ["plain", "chat"])
def test_other_forms_have_none(prompt: str) -> None:
    assert worked_examples(settings(prompt=prompt), PROBLEMS) == []


def test_a_file_has_examples_of_any_kind(tmp_path: Path) -> None:
    rows = [
        {"question": "1 + 1?", "solution": "#### 2"},
        {"question": "Which?", "solution": "(B)", "kind": "choice", "options": ["a", "b"]},
    ]
    file = tmp_path / "shots.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    first, second = worked_examples(settings(examples=str(file)), PROBLEMS)
    assert first.prompt == math("1 + 1?") and first.solution == "#### 2"
    assert second.prompt == "Question: Which?\nOptions:\n(A) a\n(B) b\nAnswer:\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r":1 is no worked example: write"),
        ("[]", r":1 is no worked example: write"),
        ('{"question": "1?"}', r":1 is no worked example: write"),
        ('{"question": 1, "solution": "2"}', r":1 is no worked example: write"),
        ('{"question": "1?", "solution": "2", "kind": "poem"}', r":1 has kind='poem': use one of"),
        ("\xff", r"can't be read"),
        (None, r"can't be read"),
        ("", r"has no example"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, line: str | None, message: str) -> None:
    file = tmp_path / "shots.jsonl"
    if line is not None:
        file.write_bytes(line.encode("latin-1"))
    with pytest.raises(RatchetError, match=message) as error:
        worked_examples(settings(examples=str(file)), PROBLEMS)
    assert "\n" not in str(error.value) and "model.examples" in str(error.value)


def test_no_rationale_to_show_is_one_line() -> None:
    with pytest.raises(RatchetError, match="no training problem has a rationale to show"):
        worked_examples(settings(), PROBLEMS.filter(~pl.col("demonstrated")))
