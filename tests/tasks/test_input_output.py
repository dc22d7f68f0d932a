"""Rows whose programs read standard input."""

import json
from typing import Any

import pytest

from stages.grading.grade import grade_all
from stages.grading.reference import Reference
from stages.tasks.formats import FORMATS
from stages.tasks.formats.row import ParsedProblem, UnusableError
from stages.tasks.prompts import prompt_of_kind

PAIRS = {"inputs": ["1 2\r\n", ["3", "4"]], "outputs": ["3\n", [7]]}
ADD = "print(sum(map(int, open(0).read().split())))"
APPS: dict[str, Any] = {
    "question": "Add the numbers.",
    "input_output": json.dumps(PAIRS),
    "solutions": json.dumps([ADD, "pass"]),
    "difficulty": "interview",
    "starter_code": "",
}
CONTESTS: dict[str, Any] = {
    "description": "Add the numbers.",
    "public_tests": {"input": PAIRS["inputs"][:1], "output": PAIRS["outputs"][:1]},
    "private_tests": {"input": [], "output": []},
    "generated_tests": {"input": PAIRS["inputs"][1:], "output": PAIRS["outputs"][1:]},
    "solutions": {"language": [2, 1, 3], "solution": ["int main() {}", "print 1", ADD]},
}
PLAIN: dict[str, Any] = {"question": "Add the numbers.", "kind": "stdin", "answer": ADD}
OWN_TESTS = [
    {"input": given, "output": wanted}
    for given, wanted in zip(PAIRS["inputs"], PAIRS["outputs"], strict=True)
]
GOOD = {
    "apps": ("apps", APPS),
    "taco, whose pairs are no text": ("taco", APPS | {"input_output": PAIRS, "solutions": [ADD]}),
    "code_contests": ("code_contests", CONTESTS),
    "plain with pairs": ("plain", PLAIN | {"input_output": PAIRS}),
    "plain with tests": ("plain", PLAIN | {"tests": OWN_TESTS}),
    "plain with tests as text": ("plain", PLAIN | {"tests": [json.dumps(t) for t in OWN_TESTS]}),
}


def parsed(name: str) -> ParsedProblem:
    form, row = GOOD[name]
    [problem] = FORMATS[form](row, "test")
    return problem


@pytest.mark.parametrize("name", GOOD)
def test_pairs_of_a_row_are_its_tests(name: str) -> None:
    problem = parsed(name)
    assert (problem.kind, problem.question, problem.answer) == ("stdin", "Add the numbers.", ADD)
    assert [json.loads(test) for test in problem.tests] == [
        {"input": "1 2\n", "output": "3\n"},
        {"input": "3\n4", "output": "7"},
    ]


def test_their_own_solutions_are_right() -> None:
    problems = [parsed(name) for name in GOOD]
    items = [("stdin", Reference(p.answer, (), tuple(p.tests)), p.answer) for p in problems]
    assert {v.outcome for v in grade_all(items)} == {"correct"}


@pytest.mark.parametrize(
    ("form", "row", "reason"),
    [
        ("apps", APPS | {"input_output": "{"}, "field 'input_output' is no JSON"),
        ("apps", APPS | {"input_output": "[]"}, "is no object of inputs and outputs"),
        ("apps", APPS | {"input_output": ""}, "is no object of inputs and outputs"),
        ("apps", APPS | {"input_output": {**PAIRS, "fn_name": "add"}}, "calls a function"),
        ("apps", APPS | {"input_output": {**PAIRS, "outputs": []}}, "has 2 inputs and 0 outputs"),
        ("apps", APPS | {"input_output": {}}, "has no list of inputs and outputs"),
        ("code_contests", CONTESTS | {"public_tests": [1]}, "'public_tests' is no object"),
        ("code_contests", {"description": "Add."}, "has no tests"),
        ("plain", PLAIN, "is of kind stdin without tests or input_output"),
        ("plain", PLAIN | {"tests": ["1"]}, "is no list of objects with an input and an output"),
        ("plain", PLAIN | {"tests": [{"input": "1"}]}, "has a NoneType for an input or an output"),
    ],
)
def test_a_row_without_pairs_is_a_reject(form: str, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        FORMATS[form](row, "test")


def test_the_prompt_asks_for_a_program_that_reads() -> None:
    prompt = prompt_of_kind("stdin", "Add the numbers.", [], [])
    assert "reads standard input" in prompt and prompt.endswith("\nProgram:\n")
