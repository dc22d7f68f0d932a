"""Real references against themselves: as solutions state them, and as others would write them."""

import gzip
import json

import pytest

from stages.grading.grade import grade_all
from stages.grading.reference import Reference
from stages.prepare import separate_rejects
from stages.tasks.datasets import TASK
from tests.fakes.real_datasets import dataset_settings, datasets_folder

# format, file, split, problems, those of them with a written solution
GOLD = [
    ("gsm8k", "gsm8k/train.jsonl.gz", "train", 7473, 7473),
    ("gsm8k", "gsm8k/test.jsonl", "test", 1319, 1319),
    ("math", "math/test.jsonl.gz", "test", 5000, 5000),
    ("math", "math/train_problems_and_answers.json.gz", "train", 7498, 0),
    ("math500", "math500/test.jsonl", "test", 500, 500),
    ("aqua", "aqua/dev.json", "test", 254, 254),
    ("aqua", "aqua/test.json", "test", 254, 254),
    ("svamp", "svamp/test.jsonl", "test", 1000, 997),
    ("theoremqa", "theoremqa/theoremqa_test.json", "test", 747, 0),
    ("amc23", "amc23/test.jsonl", "test", 40, 0),
    ("aime24", "aime24/test.jsonl", "test", 30, 30),
]
UNSTATED = {("aime24", "204")}  # a solution that ends in prose and states no answer
WRITINGS = [
    "So the result follows.\n#### {}",
    r"Therefore it is $\boxed{{{}}}$.",
    "We work it out.\nThe answer is ${}$.",
]


@pytest.mark.parametrize(("form", "file", "split", "n_problems", "n_solutions"), GOLD)
def test_gold_is_right(form: str, file: str, split: str, n_problems: int, n_solutions: int) -> None:
    of, one = {"set": (form, file)}, {"gsm8k": ("gsm8k", "gsm8k/test.jsonl")}
    made = TASK.problems(
        dataset_settings(of, {}) if split == "train" else dataset_settings(one, of), 0
    )
    rows = [row for row in separate_rejects(made, "")[0] if row["source"] == "set"]
    items, solutions = [], 0
    for row in rows:
        reference = Reference(str(row["answer"]), tuple(row["options"]))  # type: ignore[arg-type]
        texts = [writing.format(" ".join(reference.answer.split())) for writing in WRITINGS]
        if row["rationale"]:
            texts.append("".join(row["rationale"]))  # type: ignore[arg-type]
            solutions += 1
        items += [(str(row["kind"]), reference, text) for text in texts]
    verdicts = grade_all(items)
    wrong = {
        (reference.answer, text[-80:], verdict)
        for (_, reference, text), verdict in zip(items, verdicts, strict=True)
        if verdict.outcome != "correct"
    }
    assert (len(rows), solutions) == (n_problems, n_solutions)
    unstated = {(form, answer) for answer, _, verdict in wrong if verdict.extracted is None}
    assert unstated <= UNSTATED
    assert {case for case in wrong if case[2].extracted is not None} == set()


def test_recorded_samples_on_math() -> None:
    """800 samples of a model on MATH with verdicts of another grader; each difference is listed."""
    file = datasets_folder() / "qwen25_math_samples/math_cot_100.jsonl.gz"
    items, recorded = [], []
    for line in gzip.decompress(file.read_bytes()).splitlines():
        row = json.loads(line)
        for text, score in zip(row["code"], row["score"], strict=True):
            items.append(("math", row["gt"], text))
            recorded.append((row["idx"], score))
    verdicts = grade_all(items)
    differ = {
        (idx, reference, verdict.extracted, verdict.outcome)
        for (idx, score), (_, reference, _), verdict in zip(recorded, items, verdicts, strict=True)
        if (verdict.outcome == "correct") != score
    }
    assert len(items) == 800
    assert differ == {(72, "10{,}000", "10000", "correct")}  # the same number
