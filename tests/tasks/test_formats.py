"""Each format: what its rows become, and why a row is none. The rows here are invented."""

from decimal import Decimal
from typing import Any

import pytest

from stages.tasks.formats import FORMATS
from stages.tasks.formats.row import ParsedProblem
from tests.fakes.dataset_rows import ADD, ASKED, HUMAN, Q

GOOD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "gsm8k",
        Q | {"answer": "2+2 = <<2+2=4>>4\nSo 4.\n#### 4"},
        {"answer": "4", "rationale": "2+2 = 4\nSo 4.\n#### 4", "level": 2},
    ),
    (
        "gsm8k_annotated",
        Q | {"answer": "<<2+2=4>>4\n#### 4"},
        {"rationale": "<<2+2=4>>4\n#### 4"},
    ),
    ("gsm_hard", {"input": "How many?", "target": -9867630.0}, {"answer": "-9867630"}),
    ("gsm_hard", {"input": "How many?", "target": 2.5e-06}, {"answer": "0.0000025"}),
    ("gsm_hard", {"input": "How many?", "target": 7}, {"answer": "7"}),
    (
        "svamp",
        {"Body": "He has 9 eggs.", "Question": "How many?", "Answer": 145.0, "Type": "Addition"},
        {"question": "He has 9 eggs. How many?", "answer": "145", "subject": "Addition"},
    ),
    ("theoremqa", {"Question": "So?", "Answer": True, "Answer_type": "bool"}, {"answer": "True"}),
    (
        "theoremqa",
        {
            "Question": "So?",
            "Answer": [1, 2.0, -0.5],
            "Answer_type": "list of float",
            "Picture": None,
        },
        {"answer": "[1, 2, -0.5]", "kind": "math"},
    ),
    (
        "theoremqa",
        {
            "Question": "This follows by (a) Anna's lemma; (b) f(a), say. Which is correct?",
            "Answer": "(b)",
            "Answer_type": "option",
            "Picture": "NONE",
        },
        {
            "kind": "choice",
            "answer": "B",
            "options": ["Anna's lemma", "f(a), say"],
            "prompt": "Question: This follows by (a) Anna's lemma; (b) f(a), say. Which is correct?"
            "\nAnswer:\n",
        },
    ),
    (
        "math",
        {
            "problem": "P",
            "solution": r"So $x = \boxed{\frac{1}{2}}.$",
            "level": "Level 5",
            "type": "Algebra",
        },
        {"answer": r"\frac{1}{2}", "level": 5, "subject": "Algebra", "question": "P"},
    ),
    ("math", {"problem": "P", "final_answer": " 7.\n"}, {"answer": "7", "rationale": ""}),
    (
        "math",
        {"problem": "P", "solution": r"It is \boxed 5", "level": "Level ?"},
        {"answer": "5", "level": None},
    ),
    (
        "math",
        {"problem": "P", "solution": "We add. Then $a = 1.$ So Mr. Fox has $\\boxed{1}$."},
        {"rationale": "We add. Then $a = 1.$ So Mr. Fox has $\\boxed{1}$."},
    ),
    (
        "math500",
        {"problem": "P", "solution": r"\boxed{2}", "answer": "3", "level": 2},
        {"answer": "3", "level": 2},
    ),
    ("amc23", {"problem": "P", "answer": 27.0, "id": 0}, {"answer": "27"}),
    ("aime24", {"problem": "P", "answer": "033", "solution": "It is so."}, {"answer": "33"}),
    ("aime24", {"problem": "P", "solution": r"\boxed{204}"}, {"answer": "204"}),
    (
        "numina",
        {"source": "olympiads", "problem": "Find the proven value.", "solution": r"\boxed{9}"},
        {"answer": "9", "subject": "olympiads", "rationale": r"\boxed{9}"},
    ),
    (
        "aqua",
        Q | {"options": ["A)3", "B) 4,000"], "correct": "B", "rationale": "4,000 it is. B."},
        {
            "kind": "choice",
            "answer": "B",
            "options": ["3", "4,000"],
            "rationale": "4,000 it is. B.\nThe answer is B",
        },
    ),
    (
        "mathqa",
        {
            "problem": "how many ?",
            "options": "a ) 1,000 , b ) b ) 38 , 5 , c ) rs . 6",
            "correct": "b",
        },
        {"answer": "B", "options": ["1,000", "38 , 5", "rs . 6"], "question": "how many ?"},
    ),
    (
        "mathqa",
        {"question": f"{ASKED}", "options": "['a ) 3', 'b ) 4']", "answer_value": "a"},
        {"answer": "A", "options": ["3", "4"], "question": "How many?"},
    ),
    (
        "mathqa",
        {
            "problem": "how many ?",
            "options": "a ) 1 , b ) 2",
            "correct": "a",
            "rationale": '"1 . a"',
        },
        {"rationale": "1 . a\nThe answer is A"},
    ),
    (
        "mmlu_math",
        Q | {"subject": "college_mathematics", "choices": ["x", "1,200", "4", "5"], "answer": 1},
        {"answer": "1200", "kind": "math", "options": []},
    ),
    (
        "mathinstruct_cot",
        Q | {"answer_cot": r"It is $\boxed{-x + 1}.$. The answer is -x+1", "answer_value": "-x+1"},
        {"answer": "-x + 1", "rationale": r"It is $\boxed{-x + 1}.$."},
    ),
    (
        "mathinstruct_cot",
        Q | {"answer_cot": "2 + 2.\nThe answer is 4", "answer_value": "4"},
        {"answer": "4", "rationale": "2 + 2.\nThe answer is 4"},
    ),
    ("mathinstruct_cot", Q | {"answer_value": "4"}, {"answer": "4", "rationale": ""}),
    (
        "mathinstruct_cot",
        {"question": ASKED, "answer_cot": "So\nHence b.", "answer_value": "B"},
        {
            "kind": "choice",
            "options": ["3", "4"],
            "question": "How many?",
            "rationale": "So\nHence b.\nThe answer is B",
        },
    ),
    (
        "mathinstruct_cot",
        {
            "source": "data/CoT/aqua_rat.json",
            "instruction": ASKED,
            "output": "So\nThe answer is option (B).",
        },
        {"kind": "choice", "answer": "B"},
    ),
    (
        "mathinstruct_cot",
        {
            "source": "data/CoT/gsm_train.json",
            "instruction": "How many?",
            "output": "The answer is 4.",
        },
        {"answer": "4", "rationale": "The answer is 4."},
    ),
    (
        "mathinstruct_pot",
        {
            "question": "How many? Let's write a Python program.",
            "answer_cot": "x = 1\n\nprint(x)",
            "answer_value": "1",
        },
        {
            "kind": "program",
            "question": "How many?",
            "rationale": "x = 1\n\nprint(x)",
            "options": [],
        },
    ),
    (
        "mathinstruct_pot",
        {
            "question": f"{ASKED} Please write a program to solve it",
            "answer_cot": "print('A')",
            "answer_value": "A",
        },
        {"kind": "program", "question": "How many?", "options": ["3", "4"], "answer": "A"},
    ),
    (
        "humaneval",
        HUMAN,
        {
            "question": "Adds two.\nMore.",
            "kind": "code",
            "given": "import math\n",
            "tests": ["\ndef check(f):\n    assert f(1, 1) == 2\n\ncheck(add)\n"],
            "answer": HUMAN["prompt"] + "    return a + b\n",
            "prompt": "Task: Adds two.\nMore.\nTests:\n>>> add(1, 2)\n3\nGiven:\nimport math\n"
            "Function:\ndef add(a, b):\nPython:\n",
        },
    ),
    (
        "humaneval",
        HUMAN | {"prompt": ADD},
        {"question": "Write the function add.", "given": ""},
    ),
    (
        "humaneval",
        HUMAN | {"prompt": f"{ADD}    import os\n    'Adds.'\n"},
        {"question": "Adds.", "prompt": "Task: Adds.\nFunction:\ndef add(a, b):\nPython:\n"},
    ),
    ("plain", Q | {"answer": 4.0}, {"answer": "4", "kind": "math", "rationale": ""}),
    (
        "plain",
        Q | {"answer": "b", "kind": "choice", "options": ["3", "4"], "level": 2, "subject": "sums"},
        {"answer": "B", "options": ["3", "4"], "level": 2, "subject": "sums"},
    ),
    (
        "plain",
        Q | {"answer": "4", "rationale": ["One.", "Two."]},
        {"rationale": ["One.\n", "Two."]},
    ),
    ("plain", Q | {"answer": "4", "rationale": "One.\nTwo."}, {"rationale": "One.\nTwo."}),
    (
        "plain",
        Q | {"kind": "code", "tests": ["assert f()"], "given": "import re\n", "answer": None},
        {"kind": "code", "tests": ["assert f()"], "given": "import re\n", "answer": ""},
    ),
    ("plain", Q | {"kind": "program", "answer": "4"}, {"kind": "program"}),
    ("plain", Q | {"answer": "b", "options": ["3", "4"]}, {"kind": "choice", "answer": "B"}),
    ("plain", Q | {"answer": "red", "options": ["blue", "red"]}, {"answer": "B"}),
    ("plain", Q | {"answer": 1, "options": ["x", "y"]}, {"answer": "B"}),
    ("plain", Q | {"answer": "A", "options": "['x', 'y']"}, {"options": ["x", "y"]}),
    ("plain", Q | {"answer": ["4"]}, {"answer": "4"}),
    ("plain", Q | {"answer": ["4", "5"]}, {"answer": "4, 5"}),
    ("plain", Q | {"answer": Decimal("4.50")}, {"answer": "4.5"}),
    ("plain", Q | {"answer": Decimal(400)}, {"answer": "400"}),
    ("plain", Q | {"kind": "code", "tests": "assert f()"}, {"tests": ["assert f()"]}),
    ("plain", Q | {"kind": "code", "tests": '["assert f()"]'}, {"tests": ["assert f()"]}),
    (
        "plain",
        {"messages": [{"role": "system", "content": "Be brief."},
                      {"role": "user", "content": "3 + 4?"},
                      {"role": "assistant", "content": "It is 7.\n#### 7"}]},
        {"question": "3 + 4?", "answer": "7", "rationale": "It is 7.\n#### 7"},
    ),
    (
        "plain",
        {"conversations": [{"from": "human", "value": "3 + 4?"}, {"from": "gpt", "value": "7"}],
         "answer": 7},
        {"question": "3 + 4?", "answer": "7", "rationale": "7"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "wanted"), GOOD)
def test_a_row_becomes_a_problem(name: str, row: dict[str, Any], wanted: dict[str, Any]) -> None:
    (found,) = FORMATS[name](row, "train")
    assert isinstance(found, ParsedProblem)
    assert {key: getattr(found, key) for key in wanted} == wanted
