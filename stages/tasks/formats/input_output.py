"""Programs that read standard input, tested by inputs and outputs: APPS, TACO, CodeContests."""

import json
from typing import Any

from stages.grading.programs.input_pairs import pair_text, pairs_in
from stages.tasks.formats.row import (
    ParsedProblem,
    Row,
    UnusableError,
    normalise_newlines,
    optional_text,
    text,
)

PYTHON_3 = 3  # CodeContests' number of the language
PARTS = ("public_tests", "private_tests", "generated_tests")


def apps(row: Row) -> ParsedProblem:
    """APPS and TACO: {question, input_output, solutions, difficulty, starter_code}.

    input_output is {"inputs": [...], "outputs": [...]}, or that as JSON. With a fn_name its inputs
    are arguments of a function: such rows are rejects.
    """
    question = text(row, "question")
    return ParsedProblem(
        question,
        _first_solution(row.get("solutions")),
        kind="stdin",
        tests=pair_tests(row),
        subject=optional_text(row, "difficulty"),
    )


def code_contests(row: Row) -> ParsedProblem:
    """CodeContests: {description, public_tests, private_tests, generated_tests, solutions}.

    Tests are {"input": [...], "output": [...]}; solutions {"language": [...], "solution": [...]}.
    """
    tests = []
    for name in PARTS:
        held = row.get(name) or {}
        if not isinstance(held, dict):
            raise UnusableError(f"field {name!r} is no object of inputs and outputs")
        if held.get("input"):
            tests += _tests(held.get("input"), held.get("output"), name)
    if not tests:
        raise UnusableError("has no tests")
    held = row.get("solutions")
    solutions = held if isinstance(held, dict) else {}
    written = zip(solutions.get("language", []), solutions.get("solution", []), strict=False)
    own = [program for language, program in written if language == PYTHON_3]
    question = text(row, "description")
    return ParsedProblem(question, _first_solution(own), kind="stdin", tests=tests)


def pair_tests(row: Row) -> list[str]:
    """The tests of a row's input_output, or of its tests: objects with an input and an output."""
    if row.get("input_output") is not None:
        held = _from_json(row["input_output"], "input_output")
        if not isinstance(held, dict):
            raise UnusableError("field 'input_output' is no object of inputs and outputs")
        if held.get("fn_name"):
            raise UnusableError("calls a function and reads no input")
        return _tests(held.get("inputs"), held.get("outputs"), "input_output")
    tests = _from_json(row.get("tests"), "tests")
    if not isinstance(tests, list) or not tests:
        raise UnusableError("is of kind stdin without tests or input_output")
    held = [_from_json(test, "tests") for test in tests]
    if not all(isinstance(test, dict) for test in held):
        raise UnusableError("field 'tests' is no list of objects with an input and an output")
    inputs, outputs = ([test.get(name) for test in held] for name in ("input", "output"))
    return _tests(inputs, outputs, "tests")


def _tests(inputs: Any, outputs: Any, name: str) -> list[str]:
    try:
        pairs = pairs_in(inputs, outputs)
    except ValueError as error:
        raise UnusableError(f"field {name!r} {error}") from error
    return [pair_text(*map(normalise_newlines, pair)) for pair in pairs]


def _first_solution(given: Any) -> str:
    """The first of a list of programs; none of them may be there."""
    programs = _from_json(given, "solutions")
    first = programs[0] if isinstance(programs, list) and programs else ""
    return normalise_newlines(first) if isinstance(first, str) else ""


def _from_json(given: Any, name: str) -> Any:
    if not isinstance(given, str) or not given.strip():
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError) as error:
        raise UnusableError(f"field {name!r} is no JSON") from error
