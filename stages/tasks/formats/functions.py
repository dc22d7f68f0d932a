"""Functions to write, graded by unit tests: MBPP and HumanEval."""

import ast
import inspect
from itertools import permutations

from stages.tasks import prompts
from stages.tasks.formats.row import (
    ParsedProblem,
    Row,
    UnusableError,
    normalise_newlines,
    text,
    texts,
    verbatim_text,
    whole_number,
)

MBPP_SPLITS = {  # task_id up to → its split
    10: "prompt",
    510: "test",
    600: "validation",
    974: "train",
}


def mbpp(row: Row, split: str) -> list[ParsedProblem]:
    """{text or prompt, code, task_id, test_list, set-up of the tests}: six forms (SIPF §3.1).

    Each form's prompt shows two of the (first) three tests, in either order; all tests grade.
    Rows of another split than the one wanted are rejects, so one file serves both.
    """
    number = whole_number(row.get("task_id"))
    if number is not None:
        row_split = next((name for last, name in MBPP_SPLITS.items() if number <= last), None)
        if row_split is None:
            raise UnusableError("is of no split of MBPP")
        if row_split != split:
            raise UnusableError(f"is of MBPP's {row_split} split, not of {split}")
    task, program = text(row, "text", "prompt"), verbatim_text(row, "code")
    tests = texts(row, "test_list")
    if len(tests) < 2:
        raise UnusableError("has fewer than two tests")
    first = "\n".join(
        [*texts(row, "test_imports"), normalise_newlines(row.get("test_setup_code") or "")]
    ).strip()
    return [
        ParsedProblem(
            task,
            program,
            program,
            kind="code",
            tests=[f"{first}\n{test}" if first else test for test in tests],
            prompt=prompts.code(task, "\n".join(shown)),
        )
        for shown in permutations(tests[:3], 2)
    ]


def humaneval(row: Row) -> ParsedProblem:
    """{prompt, canonical_solution, test, entry_point}, re-ordered like MBPP's (SIPF §3.1).

    The prompt's docstring comes first, its examples as tests, then the head of the function.
    Code that the prompt has before that function is `given`.
    """
    prompt, name = verbatim_text(row, "prompt"), text(row, "entry_point")
    program = prompt + verbatim_text(row, "canonical_solution")
    function = _last_function(program, name)
    lines = prompt.split("\n")
    given = "\n".join(lines[: function.lineno - 1]).strip()
    head = "\n".join(lines[function.lineno - 1 : function.body[0].lineno - 1]).strip()
    description, mark, examples = _docstring(function).partition(">>>")
    task = description.strip() or f"Write the function {name}."
    return ParsedProblem(
        task,
        program,
        program,
        kind="code",
        tests=[f"{verbatim_text(row, 'test')}\ncheck({name})\n"],
        given=f"{given}\n" if given else "",
        prompt=prompts.code(task, (mark + examples).strip(), given, head),
    )


def _last_function(program: str, name: str) -> ast.FunctionDef:
    try:
        last = ast.parse(program).body[-1]
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError) as error:
        raise UnusableError(f"its program is no Python: {str(error)[:80]}") from error
    if not isinstance(last, ast.FunctionDef) or last.name != name:
        raise UnusableError(f"its program does not end in the function {name!r}")
    return last


def _docstring(function: ast.FunctionDef) -> str:
    """The docstring, or else the first bare string in the function."""
    for node in function.body:
        match node:
            case ast.Expr(value=ast.Constant(value=str(docstring))):
                return inspect.cleandoc(docstring)
    return ""
