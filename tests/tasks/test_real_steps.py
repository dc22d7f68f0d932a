"""Steps of real solutions: those that people judged, and those that models write."""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from stages.solutions.steps import split_steps
from tests.fakes.real_datasets import datasets_folder

PARTS = ["gsm8k.json", "math.json", "olympiadbench.json.gz", "omnimath.json.gz"]
NOTHING = re.compile(r"[\W_]*|#+ [^\n]{1,60}|\*\*[^*\n]*\*\*:?|\\(?:begin|end)\{[^}]*\}")


def rows(file: str) -> list[dict[str, Any]]:
    path = datasets_folder() / file
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if b"\n{" in data:
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    return list(json.loads(data))


def test_the_steps_that_people_judged_are_found_again() -> None:
    """ProcessBench's steps were paragraphs; only headings and displays that stand alone differ."""
    found: dict[str, list[bool]] = {}
    lengths: dict[str, list[int]] = {}
    for row in (row for part in PARTS for row in rows(f"processbench/{part}")):
        steps = split_steps("\n\n".join(row["steps"]))
        own = [step.strip() for step in row["steps"]]
        found.setdefault(row["generator"], []).append([step.strip() for step in steps] == own)
        lengths.setdefault(row["generator"], []).append(len(steps))
    equal = [one for each in found.values() for one in each]
    assert sum(equal) / len(equal) > 0.985
    assert min(sum(each) / len(each) for each in found.values()) > 0.96
    llama = lengths["Llama-3.1-8B-Instruct"]
    assert 7.3 < sum(llama) / len(llama) < 7.8  # 7.74 of their own; 12.6 lines


def solutions() -> Iterator[str]:
    for row in rows("qwen25_math_samples/math_cot_100.jsonl.gz"):
        yield from row["code"]


def is_open(step: str) -> bool:
    return step.count("\\[") > step.count("\\]") or step.count("$$") % 2 == 1


def test_no_step_of_a_model_says_nothing_or_ends_in_a_display() -> None:
    """Of their lines, 29.0 % say nothing, and 29.1 % end in an open display."""
    texts = list(solutions())
    assert len(texts) == 800
    for text in texts:
        steps = split_steps(text)
        assert "".join(steps) == text
        assert not [step for step in steps[:-1] if NOTHING.fullmatch(step.strip())]
        assert not [step for step in steps if is_open(step)]


@pytest.mark.parametrize(
    ("file", "field", "mean"),
    [
        ("gsm8k/train.jsonl.gz", "answer", 4.5),
        ("math/test.jsonl.gz", "solution", 3.0),
        ("gsi_mathinstruct/train_cot_aqua_rat.json", "answer_cot", 6.5),
        ("gsi_mathinstruct/train_cot_gsm8k.json", "answer_cot", 4.6),
        ("gsi_mathinstruct/train_cot_math.json.gz", "answer_cot", 3.8),
        ("aqua/dev.json", "rationale", 5.1),
    ],
)
def test_gold_steps_can_begin_an_answer(file: str, field: str, mean: float) -> None:
    texts = [row[field] for row in rows(file)]
    steps = [split_steps(text) for text in texts]
    assert ["".join(own) for own in steps] == texts
    assert sum(map(len, steps)) / len(steps) == pytest.approx(mean, abs=0.15)
    for own in steps:
        assert all(re.search(r"[^\W_]", step) for step in own)
        for shown in range(1, len(own)):
            assert split_steps("".join(own[:shown])) == own[:shown]
