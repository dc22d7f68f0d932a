"""Each format: what its rows become, and why a row is none. The rows here are invented."""

from contextlib import suppress
from typing import Any

import pytest

from stages.tasks.formats import FORMATS
from stages.tasks.formats.latex import boxed_answer
from stages.tasks.formats.options import lettered_options
from stages.tasks.formats.row import ParsedProblem, UnusableError

Q = {"question": "How many?"}
ASKED = "How many?\nAnswer Choices: (A) 3 (B) 4"
ADD = "def add(a, b):\n"
HUMAN = {
    "prompt": f'import math\n\n{ADD}    """ Adds two.\n    More.\n    >>> add(1, 2)\n    3"""\n',
    "canonical_solution": "    return a + b\n",
    "entry_point": "add",
    "test": "\ndef check(f):\n    assert f(1, 1) == 2\n",
    "task_id": "HumanEval/900",
}
MBPP = {
    "task_id": 700,
    "text": "Write a function to add.",
    "code": "def add(a, b):\r\n\treturn a + b",
    "test_setup_code": "",
    "test_list": ["assert add(1, 2) == 3", "assert add(2, 2) == 4", "assert add(0, 0) == 0\n"],
}
SHOWN = ["assert add(1, 2) == 3", "assert add(2, 2) == 4", "assert add(0, 0) == 0"]


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


GOOD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "gsm8k",
        Q | {"answer": "2+2 = <<2+2=4>>4\nSo 4.\n#### 4"},
        {"answer": "4", "rationale": ["2+2 = 4\n", "So 4.\n", "#### 4"], "level": 2},
    ),
    (
        "gsm8k_annotated",
        Q | {"answer": "<<2+2=4>>4\n#### 4"},
        {"rationale": ["<<2+2=4>>4\n", "#### 4"]},
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
    ("math", {"problem": "P", "final_answer": " 7.\n"}, {"answer": "7", "rationale": []}),
    (
        "math",
        {"problem": "P", "solution": r"It is \boxed 5", "level": "Level ?"},
        {"answer": "5", "level": None},
    ),
    (
        "math",
        {"problem": "P", "solution": "We add. Then $a = 1.$ So Mr. Fox has $\\boxed{1}$."},
        {"rationale": ["We add. ", "Then $a = 1.$ ", "So Mr. Fox has $\\boxed{1}$."]},
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
        {"answer": "9", "subject": "olympiads", "rationale": [r"\boxed{9}"]},
    ),
    (
        "aqua",
        Q | {"options": ["A)3", "B) 4,000"], "correct": "B", "rationale": "4,000 it is. B."},
        {
            "kind": "choice",
            "answer": "B",
            "options": ["3", "4,000"],
            "rationale": ["4,000 it is. B.\n", "The answer is B"],
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
        {"rationale": ["1 . a\n", "The answer is A"]},
    ),
    (
        "mmlu_math",
        Q | {"subject": "college_mathematics", "choices": ["x", "1,200", "4", "5"], "answer": 1},
        {"answer": "1200", "kind": "math", "options": []},
    ),
    (
        "mathinstruct_cot",
        Q | {"answer_cot": r"It is $\boxed{-x + 1}.$. The answer is -x+1", "answer_value": "-x+1"},
        {"answer": "-x + 1", "rationale": [r"It is $\boxed{-x + 1}.$."]},
    ),
    (
        "mathinstruct_cot",
        Q | {"answer_cot": "2 + 2.\nThe answer is 4", "answer_value": "4"},
        {"answer": "4", "rationale": ["2 + 2.\n", "The answer is 4"]},
    ),
    ("mathinstruct_cot", Q | {"answer_value": "4"}, {"answer": "4", "rationale": []}),
    (
        "mathinstruct_cot",
        {"question": ASKED, "answer_cot": "So\nHence b.", "answer_value": "B"},
        {
            "kind": "choice",
            "options": ["3", "4"],
            "question": "How many?",
            "rationale": ["So\n", "Hence b.\n", "The answer is B"],
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
        {"answer": "4", "rationale": ["The answer is 4."]},
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
            "rationale": ["x = 1\n\n", "print(x)"],
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
    ("plain", Q | {"answer": 4.0}, {"answer": "4", "kind": "math", "rationale": []}),
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
    ("plain", Q | {"answer": "4", "rationale": "One.\nTwo."}, {"rationale": ["One.\n", "Two."]}),
    (
        "plain",
        Q | {"kind": "code", "tests": ["assert f()"], "given": "import re\n", "answer": None},
        {"kind": "code", "tests": ["assert f()"], "given": "import re\n", "answer": ""},
    ),
    ("plain", Q | {"kind": "program", "answer": "4"}, {"kind": "program"}),
]


@pytest.mark.parametrize(("name", "row", "wanted"), GOOD)
def test_a_row_becomes_a_problem(name: str, row: dict[str, Any], wanted: dict[str, Any]) -> None:
    (found,) = FORMATS[name](row, "train")
    assert isinstance(found, ParsedProblem)
    assert {key: getattr(found, key) for key in wanted} == wanted


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
        "kind 'essay' is none of math, choice, code, program",
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


def test_mbpp_asks_in_six_forms_and_grades_by_every_test() -> None:
    forms = FORMATS["mbpp"](MBPP, "train")
    shown = [
        form.prompt.split("Tests:\n")[1].removesuffix("\nPython:\n").split("\n") for form in forms
    ]
    assert sorted(shown) == sorted([a, b] for a in SHOWN for b in SHOWN if a != b)
    assert all(form.tests == SHOWN for form in forms)
    assert {form.question for form in forms} == {MBPP["text"]}
    assert forms[0].answer == "def add(a, b):\n\treturn a + b"
    assert forms[0].rationale == ["def add(a, b):\n", "\treturn a + b"]


@pytest.mark.parametrize(
    "first",
    [{"test_setup_code": "import math\r\nx = 1"}, {"test_imports": ["import math", "x = 1"]}],
)
def test_what_tests_need_stands_before_each(first: dict[str, Any]) -> None:
    row = without(MBPP, "text") | {"prompt": "Add.", "test_setup_code": None} | first
    form = FORMATS["mbpp"](row, "train")[0]
    assert form.tests == [f"import math\nx = 1\n{test}" for test in SHOWN]
    assert "import math" not in form.prompt


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"\boxed{1} and \boxed{2}", "2"),
        (r"\boxed{\left\{ 1, 2 \right\}}", r"\left\{ 1, 2 \right\}"),
        (r"\boxed{a_{b_{c}}} and }", "a_{b_{c}}"),
        (r"\boxed 5.", "5"),
        (r"\fbox{7}", "7"),
        (r"\boxed{1} and \boxed{}", "1"),
        (r"\boxed{1} and \boxed{2", "1"),
        (r"\boxed{", None),
        ("5", None),
    ],
)
def test_the_last_box(solution: str, answer: str | None) -> None:
    assert boxed_answer(solution) == answer


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("(A) 35 (B) 25 (C) 40", ["35", "25", "40"]),
        ("(A)  $3,000  (B) (x + 1)", ["$3,000", "(x + 1)"]),
        ("(A) A) 0 (B) B.9", ["0", "9"]),
        ("a ) 112.5 , 158.5 , b ) 180.5 , 150", ["112.5 , 158.5", "180.5 , 150"]),
        ("(A) 1/2 (B) P (E) = 1/4", ["1/2", "P (E) = 1/4"]),
        ("(a): one, (b): f(b) and two", ["one", "f(b) and two"]),
    ],
)
def test_lettered_options(text: str, options: list[str]) -> None:
    assert lettered_options(text) == options


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
