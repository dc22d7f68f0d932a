"""The side of the tests: runs them with names that refer to the program over there."""

import ast
import builtins
import importlib
import json
import random
import resource
import signal
import socket
import sys
from types import CodeType
from typing import Any

from . import traces
from .channel import Channel
from .peer import describe
from .program_peer import MODULE, Program
from .remote import BrokenTestError

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
GROWTH_KB = 1 << 16
GIVEN = "what is given"


def serve_tests(
    given: str,
    tests: list[str],
    reference: str,
    cpu_s: float,
    wall_s: float,
    line: int,
    sealed: bool,
) -> None:
    """Tests one program after another: a channel to it comes over the line, a report goes back.

    One fork serves the solutions of one problem. If one runs out of time, the fork ends without a
    report, and the kernel says why. If anything is not as it was before a program (`traces`, in a
    sandbox that is sealed), or memory has grown, the fork says so and ends, and another begins.
    """
    with socket.socket(fileno=line) as supervisor:
        suite = before = None
        while True:
            word, fds, _, _ = socket.recv_fds(supervisor, 1, 1)
            if not word:
                return
            seed()
            signal.setitimer(signal.ITIMER_PROF, cpu_s)
            signal.setitimer(signal.ITIMER_REAL, wall_s)
            suite = suite or Suite(given, tests, reference)
            if before is None:
                before, memory = traces.now(filtered=True) if sealed else (), _peak_kb()
            other = socket.socket(fileno=fds[0])
            with other:
                findings = suite.run(Channel(other))
            for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
                signal.setitimer(timer, 0)  # it would end a fork that waits for its next program
            used_up = (
                sealed and traces.now(filtered=True) != before
            ) or _peak_kb() > memory + GROWTH_KB
            report = {"findings": findings, "used_up": used_up}
            supervisor.sendall(json.dumps(report).encode() + b"\n")
            if used_up:
                return


def seed() -> None:
    """Random numbers from the start, numpy's too where it is loaded."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Suite:
    """The tests of one problem, read and compiled once.

    given: what every solution is given. What it defines or imports by name is the tests' own,
        whatever a solution makes of it; not so a function without a body, which is asked for.
    reference: a program that the tests are known to be for, or "". What it defines at its top is
        what the tests mean by these names, though Python has some of them too (`sum`, say). Any
        other name of Python or its library is Python's own, whatever the program makes of it,
        but for a module that the tests call (`select`): none can be called.
    """

    def __init__(self, given: str, tests: list[str], reference: str) -> None:
        self.codes: list[tuple[str, CodeType]] = []
        self.broken: str | None = None
        self.called_names: set[str] = set()
        self.reference_names = defined_names(reference)
        self.own_names = defined_names(given) | (imported_names(given) - self.reference_names)
        self.classes = defined_names(reference, ast.ClassDef)
        where = GIVEN
        try:
            self.given = compile(given, "given", "exec", dont_inherit=True)
            for number, test in enumerate(tests, 1):
                where = "a test"
                tree = ast.parse(test, "test")
                self.called_names |= {name.id for name in _called_names(tree)}
                code = compile(tree, "test", "exec", dont_inherit=True)
                self.codes.append((f"test {number} of {len(tests)}", code))
        except UNREADABLE as error:
            self.broken = f"{where} is no Python: {describe(error)}"
        if not reference:  # names like Stack: classes that a solution is to write
            self.classes = {name for name in self.called_names if name[:1].isupper()}

    def run(self, channel: Channel) -> dict[str, Any]:
        """{} if every test passes, else {"failed": why}, or {"broken": why} if none could pass."""
        if self.broken:
            return {"broken": self.broken}
        names, where = Names(self), GIVEN
        try:
            exec(self.given, names)
            where = "before the tests"
            names.connect(Program(channel, self.classes))
            for test, code in self.codes:
                where = test
                exec(code, names)
        except BrokenTestError as error:
            return {"broken": f"{where}: {error}"}
        except BaseException as error:
            if where == GIVEN:
                return {"broken": f"{where}: {describe(error)}"}
            if fault := names.program.fault if names.program else str(error):
                return {"failed": f"{where}: {fault}"}
            is_assertion = isinstance(error, AssertionError)
            return {"failed": f"{where} fails" if is_assertion else f"{where}: {describe(error)}"}
        fault = names.program.fault if names.program else None
        return {"failed": fault} if fault else {}


class Names(dict[str, Any]):
    """What names mean in the tests: their own, those of what is given, then the program's.

    A name of the program is looked up whenever it is used, so it has its value of that moment.
    """

    program: Program | None = None

    def __init__(self, suite: Suite) -> None:
        super().__init__({"__name__": MODULE, "__builtins__": builtins})
        self._suite = suite

    def connect(self, program: Program) -> None:
        """Leaves to the program what was given under its names, but neither defined nor named."""
        self.program = program
        for name in set(self) - self._suite.own_names - {"__name__", "__builtins__"}:
            if name in program:
                del self[name]

    def __missing__(self, name: str) -> Any:
        program = self.program if self.program and name in self.program else None
        is_module = name in sys.stdlib_module_names
        ours = hasattr(builtins, name) or is_module
        if program and (name in self._suite.reference_names or not ours):
            return program.value(name)
        if not is_module:
            raise KeyError(name)
        module = importlib.import_module(name)
        if program and name in self._suite.called_names and not callable(module):
            return program.value(name)
        self[name] = module
        return module


def defined_names(program: str, *kinds: type[ast.AST]) -> set[str]:
    """The names that a program defines or assigns at its top level; imports do not count.

    A function without a body is not defined. `kinds`: these statements alone.
    """
    names = set()
    for node in _statements(program):
        if kinds and not isinstance(node, kinds):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names |= set() if _is_stub(node) else {node.name}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {
                n.id
                for n in ast.walk(node)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
    return names


def imported_names(program: str) -> set[str]:
    """The names that a program imports by name at its top level."""
    names = set()
    for node in _statements(program):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names - {"*"}


def _statements(program: str) -> list[ast.stmt]:
    try:
        return ast.parse(program).body
    except UNREADABLE:
        return []


def _is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a function says only what it is to do."""
    idle = ast.Expr | ast.Pass | ast.Raise
    return not isinstance(node, ast.ClassDef) and all(
        isinstance(statement, idle)
        and not (isinstance(statement, ast.Expr) and not _is_constant(statement))
        for statement in node.body
    )


def _is_constant(statement: ast.Expr) -> bool:
    return isinstance(statement.value, ast.Constant)


def _called_names(tree: ast.AST) -> list[ast.Name]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [function for function in functions if isinstance(function, ast.Name)]
