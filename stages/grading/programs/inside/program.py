"""The side of the program: runs it, then does what the tests ask of it."""

import builtins
import operator
import sys
from collections.abc import Callable
from typing import Any

from .channel import Channel
from .values import decode, encode

OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda value, *args, **named: value(*args, **named),
    "getattr": getattr,
    "setattr": setattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "len": len,
    "iter": iter,
    "next": next,
    "contains": operator.contains,
    "bool": bool,
    "str": str,
    "int": int,
    "float": float,
}


def run_and_serve(code: str, channel: Channel) -> None:
    """Runs the program, names what it defines, and answers the tests until they are through."""
    namespace, fault = run(code)
    names = [name for name in namespace if isinstance(name, str)]
    _send(channel, {"names": names, "fault": fault})
    if fault is None:
        _ProgramServer(namespace).serve(channel)


def run_and_print(code: str) -> str | None:
    """Runs a program for what it prints; if it prints nothing, prints what `solution()` returns."""
    namespace, fault = run(code)
    if fault in ("SystemExit", "SystemExit: 0", "SystemExit: None"):
        fault = None
    sys.stdout.flush()
    solution = namespace.get("solution")
    if fault is None and callable(solution) and not sys.stdout.buffer.tell():
        try:
            print(solution())
        except BaseException as error:
            fault = describe(error)
    return fault


def run(code: str) -> tuple[dict[str, Any], str | None]:
    """(what the program defines, what it failed with)."""
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    try:
        exec(compile(code, "program.py", "exec"), namespace)
    except BaseException as error:
        return namespace, describe(error)
    return namespace, None


def describe(error: BaseException) -> str:
    """An exception in one short line."""
    name, text = type(error).__name__, message(error)
    return f"{name}: {text}"[:200] if text else name[:200]


def message(error: BaseException) -> str:
    """An exception's message in one short line, whatever its methods do."""
    try:
        return " ".join(str(error).split())[:200]
    except BaseException:
        return ""


class _ProgramServer:
    """Values that can't cross are kept here under a number."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}

    def serve(self, channel: Channel) -> None:
        while True:
            try:
                request = channel.receive()
            except EOFError:
                return
            try:
                reply = self._perform(request)
            except StopIteration:
                reply = {"raised": "StopIteration", "message": ""}
            except BaseException as error:
                reply = {"raised": _builtin_name(error), "message": message(error)}
            _send(channel, reply)

    def _perform(self, request: Any) -> dict[str, Any]:
        operation, target, args, kwargs = request
        args = [decode(arg, self.objects.__getitem__) for arg in args]
        kwargs = {name: decode(arg, self.objects.__getitem__) for name, arg in kwargs.items()}
        value = self.namespace[target] if isinstance(target, str) else self.objects[target]
        result = OPERATIONS[operation](value, *args, **kwargs)
        # An argument that the program changed in place is changed in the tests too.
        changed = {
            index: encode(arg, self._keep)
            for index, arg in enumerate(args)
            if operation == "call" and isinstance(arg, list | dict | set)
        }
        return {"value": encode(result, self._keep), "args": changed}

    def _keep(self, value: Any) -> int:
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)  # so that no other object gets its id
        return self.numbers[id(value)]


def _builtin_name(error: BaseException) -> str:
    """The name of the nearest exception class that Python has."""
    known = (kind for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind)
    return str(next(kind.__name__ for kind in known))


def _send(channel: Channel, reply: dict[str, Any]) -> None:
    try:
        channel.send(reply)
    except (RecursionError, ValueError, TypeError) as error:
        channel.send({"raised": "ValueError", "message": describe(error)})
