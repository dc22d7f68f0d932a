"""Rows that are no problems, each with its reason."""

from contextlib import suppress
from typing import Any

import pytest

from stages.tasks.formats import FORMATS
from stages.tasks.formats.row import UnusableError
from tests.fakes.dataset_rows import ASKED, HUMAN, MBPP, SHOWN, Q, without

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("gsm8k", {"answer": "#### 4"}, "has no field 'question'"),
    ("gsm8k", {"question": None, "answer": "#### 4"}, "has no field 'question'"),
    ("gsm8k", {"question": 7, "answer": "#### 4"}, "field 'question' is a int, not text"),
    ("gsm8k", {"question": " ", "answer": "#### 4"}, "field 'question' is empty"),
    ("gsm8k", Q | {"answer": "just 4"}, "answer has no «#### » line with a value"),
    (
        "gsm_hard",
        {"input": "How many?", "target": float("nan")},
        "field 'target' is no answer: 'nan'",
    ),
    ("gsm_hard", {"input": "How many?"}, "has no field 'target'"),
    ("svamp", {"Question": "How many?", "Answer": 1.0}, "has no field 'Body'"),
    (
        "theoremqa",
        {"Question": "So?", "Answer": 1, "Picture": "images/a.png"},
        "can't be asked without its picture",
    ),
    ("theoremqa", {"Question": "So?", "Answer": []}, "field 'Answer' is no answer: '[]'"),
    (
        "theoremqa",
        {"Question": "Which?", "Answer": "(a)", "Answer_type": "option"},
        "lists no options",
    ),
    ("math", {"problem": "P", "final_answer": ""}, "field 'final_answer' is empty"),
    ("math", {"problem": "P", "solution": "It is 5."}, "solution has no \\boxed answer"),
    ("math", {"problem": "P", "solution": r"It is \boxed{5"}, "solution has no \\boxed answer"),
    ("math", {"problem": "P"}, "has no field 'solution'"),
    ("math", {"solution": r"\boxed{5}"}, "has no field 'problem' or 'question'"),
    ("amc23", {"problem": "P", "answer": 27.5}, "its answer is no whole number"),
    ("aime24", {"problem": "P", "answer": "x"}, "its answer is no whole number"),
    (
        "numina",
        {"source": "orca_math", "problem": "P", "solution": "S"},
        "is of orca_math, which Step-KTO leaves out",
    ),
    (
        "numina",
        {"source": "synthetic_math", "problem": "P", "solution": "S"},
        "is of synthetic_math, which Step-KTO leaves out",
    ),
    ("numina", {"problem": "P", "solution": "S"}, "solution has no \\boxed answer"),
    ("numina", {"problem": "Prove the lemma.", "solution": r"\boxed{1}"}, "asks for a proof"),
    (
        "numina",
        {"problem": "Let $x=1$. Show that $x>0$.", "solution": r"\boxed{1}"},
        "asks for a proof",
    ),
    (
        "numina",
        {"problem": "P", "solution": r"\boxed{1}", "question_type": "proof"},
        "asks for a proof",
    ),
    ("aqua", Q | {"correct": "A"}, "field 'options' is no list of texts"),
    ("aqua", Q | {"options": ["A)1", "B)"], "correct": "A"}, "has an empty option"),
    ("aqua", Q | {"options": ["A)1"], "correct": "A"}, "lists no options"),
    (
        "aqua",
        Q | {"options": ["A)1", "B)2"], "correct": "C"},
        "its answer is none of the options A, B",
    ),
    (
        "aqua",
        Q | {"options": ["A)1", "B)2"], "correct": "AB"},
        "its answer is none of the options A, B",
    ),
    (
        "mathqa",
        {"problem": "P", "options": "['a ) 1'", "correct": "a"},
        "field 'options' is no list",
    ),
    ("mmlu_math", Q | {"type": "astronomy"}, "is of none of MMLU's three mathematics subjects"),
    (
        "mmlu_math",
        Q | {"type": "college_mathematics", "choices": ["1", "2"], "answer": 2},
        "answer 2 is no index of its 2 choices",
    ),
    (
        "mmlu_math",
        Q | {"type": "college_mathematics", "choices": ["1", "$2"], "answer": 1},
        "its right choice is no number",
    ),
    (
        "mmlu_math",
        Q | {"type": "college_mathematics", "choices": "1", "answer": 1},
        "field 'choices' is no list of texts",
    ),
    ("mbpp", MBPP | {"task_id": 5}, "is of MBPP's prompt split, not of train"),
    ("mbpp", MBPP | {"task_id": 11}, "is of MBPP's test split, not of train"),
    ("mbpp", MBPP | {"task_id": 511}, "is of MBPP's validation split, not of train"),
    ("mbpp", MBPP | {"task_id": 975}, "is of no split of MBPP"),
    ("mbpp", MBPP | {"test_list": SHOWN[:1]}, "has fewer than two tests"),
    ("mbpp", MBPP | {"test_list": [*SHOWN[:2], " "]}, "field 'test_list' has an empty text"),
    ("mbpp", without(MBPP, "code"), "has no field 'code'"),
    ("humaneval", without(HUMAN, "test"), "has no field 'test'"),
    ("humaneval", HUMAN | {"canonical_solution": "    return (\n"}, "its program is no Python"),
    ("humaneval", HUMAN | {"entry_point": "sub"}, "its program does not end in the function 'sub'"),
    (
        "mathinstruct_cot",
        {"source": "data/PoT/mathqa.json", "instruction": "Q", "output": "x"},
        "is of data/PoT/mathqa.json, no part of CoT",
    ),
    ("mathinstruct_cot", {"instruction": "Q", "output": "So 4."}, "states no answer"),
    (
        "mathinstruct_cot",
        {"question": ASKED, "answer_value": "H"},
        "its answer is none of the options A, B",
    ),
    (
        "mathinstruct_pot",
        {"source": "data/CoT/a.json", "instruction": "Q", "output": "x"},
        "is of data/CoT/a.json, no part of PoT",
    ),
    (
        "mathinstruct_pot",
        {"source": "data/PoT/a.json", "instruction": "Q", "output": "print(1)"},
        "does not say what its program prints",
    ),
    ("mathinstruct_pot", Q | {"answer_value": ""}, "field 'answer_value' is empty"),
    (
        "plain",
        Q | {"answer": "4", "kind": "essay"},
        "kind 'essay' is none of math, choice, code, stdin, program",
    ),
    ("plain", Q | {"answer": "A", "kind": "choice"}, "is a choice without options"),
    ("plain", Q | {"answer": "f", "kind": "code"}, "is code without tests"),
    ("plain", Q | {"answer": {"value": 4}}, "field 'answer' is no answer: \"{'value': 4}\""),
    ("plain", Q | {"answer": "4", "rationale": ["", "x"]}, "field 'rationale' has an empty text"),
    ("plain", Q | {"answer": "4", "rationale": 4}, "field 'rationale' is a int, not text"),
    ("plain", Q, "has no field 'answer'"),
]


@pytest.mark.parametrize(("name", "row", "reason"), BAD)
def test_an_unusable_row_has_its_reason(name: str, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnusableError) as error:
        FORMATS[name](row, "train")
    assert str(error.value).startswith(reason)


LONG = 90_000


@pytest.mark.parametrize(
    "piece", ["\\boxed{", "{", "Please ", "which ", " ", "The answer is ", "(A) ", ". "]
)
def test_degenerate_rows_do_not_hang(piece: str) -> None:
    text = ("Q" + piece * LONG)[:LONG] + "!"
    rows = [
        ("numina", {"problem": text, "solution": text}),
        ("mathinstruct_cot", {"instruction": text, "output": text}),
        ("theoremqa", {"Question": text, "Answer": "a", "Answer_type": "option"}),
        ("plain", {"question": text, "answer": text, "rationale": text}),
    ]
    deep = "-" * LONG + "1"
    rows += [
        ("humaneval", HUMAN | {"canonical_solution": f"    return {deep}"}),
        ("aqua", Q | {"options": f"[{deep}]", "correct": "A"}),
    ]
    for name, row in rows:
        with suppress(UnusableError):
            FORMATS[name](row, "train")
