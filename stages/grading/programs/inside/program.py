"""The side of the program: runs it, then does what the tests ask of it."""

import atexit
import builtins
import operator
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .channel import Channel
from .class_operators import COMPARISONS, OF_ONE, OF_TWO, OPERATOR_NAMES
from .foreign import Foreign, foreign
from .peer import Peer, describe, plain_exception

OPERATIONS: dict[str, Callable[..., Any]] = {
    "get": lambda value: value,
    "call": lambda value, /, *args, **named: value(*args, **named),
    "getattr": getattr,
    "setattr": setattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "len": len,
    "iter": iter,
    "next": next,
    "contains": operator.contains,
    "isinstance": lambda kind, value: isinstance(value, kind),
    "issubclass": lambda kind, other: issubclass(other, kind),
    "bool": bool,
    "str": str,
    "repr": repr,
    "int": int,
    "float": float,
    "hash": hash,
    "enter": lambda value: type(value).__enter__(value),
    "exit": lambda value: type(value).__exit__(value, None, None, None),
    **{name: getattr(operator, name) for name in (*COMPARISONS, *OF_ONE)},
    **{name: getattr(operator, OPERATOR_NAMES.get(name, name)) for name in OF_TWO},
}
Run = tuple[dict[str, Any], dict[str, Any], str | None]
"""(what the program defines, what was given to it, what it failed with)"""


def run_and_serve(given: str, code: str, channel: Channel) -> None:
    """Runs the program, says what it defines, and answers the tests until they are through.

    It is a module to them, not the main one: what it does only as a script is left out.
    """
    namespace, at_first, fault = run(given, code, "solution")
    names = [name for name in namespace if isinstance(name, str) and not name.startswith("__")]
    peer = ProgramPeer(channel, namespace, at_first)
    peer.begin({"names": {name: _role(namespace[name]) for name in names}, "fault": fault})


def run_and_print(given: str, code: str) -> str | None:
    """Runs a program for what it prints; if it prints nothing, prints what `solution()` returns."""
    namespace, fault = run_as_script(given, code)
    solution = namespace.get("solution")
    if fault is None and callable(solution) and not sys.stdout.buffer.tell():
        try:
            print(solution())
        except BaseException as error:
            fault = describe(error)
    return fault


def run_as_script(given: str, code: str) -> tuple[dict[str, Any], str | None]:
    """Runs a program as Python runs a script, to the end of its threads and of what it put off.

    Returns what it defines and what it failed with.
    """
    namespace, _, fault = run(given, code, "__main__")
    if fault in ("SystemExit", "SystemExit: 0", "SystemExit: None"):
        fault = None
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    return namespace, fault


def run(given: str, code: str, name: str) -> Run:
    """Runs what is given and then the program, as a module of that name."""
    sys.modules[name] = module = ModuleType(name)
    namespace = vars(module)
    at_first: dict[str, Any] = {}
    try:
        if given:
            exec(compile(given, "given.py", "exec", dont_inherit=True), namespace)
            at_first = dict(namespace)
        exec(compile(code, "program.py", "exec", dont_inherit=True), namespace)
    except BaseException as error:
        return namespace, at_first, describe(error)
    return namespace, at_first, None


def _role(value: Any) -> str:
    """What a name of the program is to the tests; of an exception, the nearest that Python has."""
    if isinstance(value, type) and issubclass(value, Exception):
        known = (
            kind.__name__ for kind in value.__mro__ if vars(builtins).get(kind.__name__) is kind
        )
        return f"exception {next(known)}"
    return "callable" if callable(value) else "value"


class ProgramPeer(Peer):
    """What the tests ask is done to the program's own values."""

    def __init__(
        self, channel: Channel, namespace: dict[str, Any], at_first: dict[str, Any]
    ) -> None:
        super().__init__(channel)
        self._namespace, self._given = namespace, at_first
        self._foreign: dict[int, Foreign] = {}

    def begin(self, opening: dict[str, Any]) -> None:
        """Says what there is; unless it failed, answers the tests until they close the channel."""
        self._send(opening)
        while opening["fault"] is None:
            try:
                request = self._receive()
            except EOFError:
                return
            self._send(self._answer(request))

    def _perform(self, operation: str, value: Any, args: list[Any], named: dict[str, Any]) -> Any:
        return OPERATIONS[operation](value, *args, **named)

    def _refer(self, value: Any) -> dict[str, Any]:
        number = vars(value)["_number"] if issubclass(type(value), Foreign) else None
        return self.keep(value) if number is None else {"yours": number}

    def _look_up(self, how: str, what: Any) -> Any:
        if how == "yours":
            return self._namespace[what] if isinstance(what, str) else self._kept[what]
        number, kind, is_callable = what
        if number not in self._foreign:
            own = self._given.get(kind)
            self._foreign[number] = foreign(self, number, own, is_callable)
        return self._foreign[number]

    def _exception(self, reply: dict[str, Any], operation: str) -> BaseException:
        if operation == "next" and reply["raised"][0] == "StopIteration":
            return StopIteration()
        known = (plain_exception(name, reply["message"]) for name in reply["raised"])
        return next(filter(None, known), RuntimeError(reply["message"]))
