"""The side of the tests: runs them with names that refer to the program over there."""

import ast
import builtins
import importlib
import json
import random
import signal
import socket
import sys
from types import CodeType
from typing import Any

from .channel import Channel
from .program import describe
from .remote import BrokenTestError, Program, ProgramError, Remote

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def serve_tests(tests: list[str], reference: str, cpu_s: float, wall_s: float, line: int) -> None:
    """Tests one program after another: a channel to it comes over the line, a report goes back.

    One fork serves the solutions of one problem. If one runs out of time, the fork ends without a
    report, and the kernel says why.
    """
    with socket.socket(fileno=line) as supervisor:
        suite = None
        while True:
            word, fds, _, _ = socket.recv_fds(supervisor, 1, 1)
            if not word:
                return
            random.seed(0)
            signal.setitimer(signal.ITIMER_PROF, cpu_s)
            signal.setitimer(signal.ITIMER_REAL, wall_s)
            suite = suite or Suite(tests, reference)
            other = socket.socket(fileno=fds[0])
            with other:
                report = suite.run(Channel(other))
            for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
                signal.setitimer(timer, 0)  # it would end a fork that waits for its next program
            supervisor.sendall(json.dumps(report).encode() + b"\n")


class Suite:
    """The tests of one problem, read and compiled once.

    reference: a program that the tests are known to be for, or "". What it defines at its top is
        what the tests mean by these names, though Python has some of them too (`sum`, say). Any
        other name of Python or its library is Python's own, whatever the program makes of it,
        but for a module that the tests call (`select`): none can be called.
    """

    def __init__(self, tests: list[str], reference: str) -> None:
        self.codes: list[CodeType] = []
        self.broken: str | None = None
        self.names: set[str] = set()
        self.called_names: set[str] = set()
        self.reference_names = defined_names(reference)
        try:
            for test in tests:
                tree = ast.parse(test, "test")
                self.names |= {name.id for name in _names(tree, ast.Load)}
                self.called_names |= {name.id for name in _called_names(tree)}
                self.codes.append(compile(tree, "test", "exec"))
        except UNREADABLE as error:
            self.broken = f"a test is no Python: {describe(error)}"

    def run(self, channel: Channel) -> dict[str, Any]:
        """{} if every test passes, else {"failed": why}, or {"broken": why} if none could pass."""
        if self.broken:
            return {"broken": self.broken}
        namespace: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins}
        where = "before the tests"
        try:
            namespace |= self._bindings(Program(channel))
            for number, code in enumerate(self.codes, 1):
                where = f"test {number} of {len(self.codes)}"
                exec(code, namespace)
        except BrokenTestError as error:
            return {"broken": f"{where}: {error}"}
        except AssertionError:
            return {"failed": f"{where} fails"}
        except BaseException as error:
            reason = str(error)[:200] if isinstance(error, ProgramError) else describe(error)
            return {"failed": f"{where}: {reason}"}
        return {}

    def _bindings(self, program: Program) -> dict[str, Any]:
        """The meaning of the tests' names that they do not bind themselves."""
        bindings: dict[str, Any] = {}
        for name in self.names:
            ours = hasattr(builtins, name) or name in sys.stdlib_module_names
            if name in program.names and (name in self.reference_names or not ours):
                bindings[name] = Remote(program, name)
            elif name in sys.stdlib_module_names:
                module = importlib.import_module(name)
                called = name in program.names and name in self.called_names
                is_program_name = called and not callable(module)
                bindings[name] = Remote(program, name) if is_program_name else module
        return bindings


def defined_names(program: str) -> set[str]:
    """The names that a program defines or assigns at its top level; imports do not count."""
    try:
        body = ast.parse(program).body
    except UNREADABLE:
        return set()
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {name.id for name in _names(node, ast.Store)}
    return names


def _called_names(tree: ast.AST) -> list[ast.Name]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [function for function in functions if isinstance(function, ast.Name)]


def _names(tree: ast.AST, context: type[ast.expr_context]) -> list[ast.Name]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, context)]
