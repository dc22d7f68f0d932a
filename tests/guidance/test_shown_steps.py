"""Which prefixes of a rationale may be shown."""

import re
from typing import Any

import pytest

from stages.grading.grade import grade_all
from stages.grading.reference import Reference
from stages.guidance.shown_steps import safe_prefixes
from stages.prepare import separate_rejects
from stages.tasks.datasets import TASK
from tests.fakes.real_datasets import COT, GSI, POT, dataset_settings
from tests.fakes.tail_problem import STEPS

PREFIXES = [
    (STEPS, "18", "math", 3),
    (STEPS, "14", "math", 2),
    (STEPS, "3", "math", 1),
    ((), "18", "math", 1),
    (("#### 18",), "18", "math", 1),
    (("def f(x):\n", "    y = x + 1\n", "    return y\n"), "", "code", 3),
    (("x = 5\n", "print(x)\n"), "5", "program", 1),
    (("x = 6\n", "y = x * 7\n", "print(y)\n", "# done\n"), "42", "program", 3),
    (("x = 6\n", "# so it is 42\n", "print(x * 7)\n"), "42", "program", 2),
    (("def f(x):\n", "    return x\n", "# f(1) is 1\n", "g = f\n"), "", "code", 2),
]


@pytest.mark.parametrize(("steps", "wanted", "kind", "n"), PREFIXES)
def test_prefixes_end_before_the_answer(
    steps: tuple[str, ...], wanted: str, kind: str, n: int
) -> None:
    shown = safe_prefixes(steps, wanted, (), kind)
    assert shown == ["".join(steps[:i]) for i in range(n)]


REAL = [
    ("gsm8k", "gsm8k/test.jsonl", "test", 1319, 0.5),
    ("math", "math/test.jsonl.gz", "test", 5000, 0.7),
    ("aqua", "aqua/test.json", "test", 254, 0.3),
    (COT, f"{GSI}/train_cot_aqua_rat.json", "train", 2973, 0.3),
    (COT, f"{GSI}/train_cot_gsm8k.json", "train", 3000, 0.5),
    (POT, f"{GSI}/train_pot_math.json.gz", "train", 3998, 0.4),
    (POT, f"{GSI}/train_pot_gsm8k.json.gz", "train", 3000, 0.4),
]


@pytest.mark.parametrize(("form", "file", "split", "n", "least"), REAL)
def test_no_real_prefix_holds_its_answer(
    form: str, file: str, split: str, n: int, least: float
) -> None:
    """By the grader, which takes none of them for a solution, and by what they spell out."""
    shown = inner = 0
    items: list[tuple[str, Reference | str, str]] = []
    for row in real_rows(form, file, split, n)[:: n // 250]:
        steps, kind, wanted = row["rationale"], row["kind"], row["answer"]
        found = safe_prefixes(steps, wanted, row["options"], kind)
        assert all("".join(steps).startswith(prefix) for prefix in found)
        assert not holds(found[-1], wanted, row["options"])
        assert kind != "program" or "print(" not in found[-1]
        items.append((kind, Reference(wanted, tuple(row["options"])), found[-1]))
        shown += len(found) - 1
        inner += max(0, len(steps) - 1)
    graded = [item for item in items if item[0] != "program"]
    assert not any(verdict.outcome == "correct" for verdict in grade_all(graded))
    assert shown / inner > least


def real_rows(form: str, file: str, split: str, n: int) -> list[dict[str, Any]]:
    of, other = {"set": (form, file)}, {"gsm8k": ("gsm8k", "gsm8k/test.jsonl")}
    one, two = (of, other) if split == "train" else (other, of)
    rows, _ = separate_rejects(TASK.problems(dataset_settings(one, two), 0), "")
    rows = [row for row in rows if row["source"] == "set"]
    assert len(rows) == n
    return rows


def holds(text: str, answer: str, options: list[str]) -> bool:
    """Does the text spell out a number that the answer is, or name the letter that it is."""
    if options:
        return bool(re.search(rf"\({answer}\)|(?i:option|answer is) {answer}\b", text))
    number = re.fullmatch(r"-?\d+(\.\d+)?", answer)
    literal = re.escape(answer.lstrip("-"))
    return bool(number and re.search(rf"(?<![\d.,]){literal}(?![\d]|[.,]\d)", text))
