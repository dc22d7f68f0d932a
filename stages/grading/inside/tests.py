"""The side of the tests: runs them with the program's names standing for what is over there."""

import ast
import builtins
import importlib
import sys
from typing import Any, TextIO

from .program import describe
from .remote import BrokenTestError, Program, ProgramError, Remote

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def run_tests(tests: list[str], reference: str, channel: TextIO) -> dict[str, Any]:
    """{} when every test passes, {"failed": why} or, where no program could pass, {"broken": why}.

    reference: a program that the tests are known to be for, or "". What it defines at its top is
        what the tests mean by these names, though Python has some of them too (`sum`, say). Any
        other name of Python or its library is Python's own, whatever the program makes of it.
    """
    try:
        trees = [ast.parse(test, "test") for test in tests]
    except UNREADABLE as error:
        return {"broken": f"a test is no Python: {describe(error)}"}
    namespace: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins}
    where = "before the tests"
    try:
        namespace |= bindings(trees, defined(reference), Program(channel))
        for number, test in enumerate(tests, 1):
            where = f"test {number} of {len(tests)}"
            exec(compile(test, "test.py", "exec"), namespace)
    except BrokenTestError as error:
        return {"broken": f"{where}: {error}"}
    except AssertionError:
        return {"failed": f"{where} fails"}
    except BaseException as error:
        said = str(error)[:200] if isinstance(error, ProgramError) else describe(error)
        return {"failed": f"{where}: {said}"}
    return {}


def bindings(trees: list[ast.Module], wanted: set[str], program: Program) -> dict[str, Any]:
    """What the tests' names mean, beyond what they bind themselves."""
    found: dict[str, Any] = {}
    for name in {n.id for tree in trees for n in _names(tree, ast.Load)}:
        ours = hasattr(builtins, name) or name in sys.stdlib_module_names
        if name in program.names and (name in wanted or not ours):
            found[name] = Remote(program, name)
        elif name in sys.stdlib_module_names:
            found[name] = importlib.import_module(name)
    return found


def defined(program: str) -> set[str]:
    """The names that a program defines or assigns at its top level; imports do not count."""
    try:
        body = ast.parse(program).body
    except UNREADABLE:
        return set()
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            found |= {name.id for name in _names(node, ast.Store)}
    return found


def _names(tree: ast.AST, context: type[ast.expr_context]) -> list[ast.Name]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, context)]
