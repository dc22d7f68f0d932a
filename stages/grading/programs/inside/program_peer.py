"""The program as its tests see it: what its names are, and what becomes of an error over there."""

import types
from collections.abc import Callable
from typing import Any

from .channel import Channel
from .foreign import OPERATORS
from .peer import Peer, plain_exception
from .remote import BrokenTestError, ProgramError, Remote, RemoteFunction

OF_ALL: dict[str, Callable[[Any], Any]] = {"iter": iter, "next": next, "bool": bool}
OF_OBJECTS: dict[str, Callable[..., Any]] = {
    "len": len,
    "contains": lambda value, item: item in value,
    "str": str,
    **OPERATORS,
}
OF_OBJECTS |= {"getitem": lambda value, key: value[key]}
ENDINGS = ("StopIteration", "StopAsyncIteration")  # would end an iteration of the tests early
MODULE = "tests"
"""The module of the tests' own classes."""


class Program(Peer):
    """The channel to the other side, and the references to values over there.

    tested: names of the classes that the tests are about.
    """

    def __init__(self, channel: Channel, tested: set[str]) -> None:
        super().__init__(channel)
        self._tested = tested
        self._remotes: dict[str | int, Remote] = {}
        self._exceptions: dict[str, type[Exception]] = {}
        self.fault: str | None = None
        opening = self._receive()
        if not isinstance(opening, dict):
            raise self.failure("the program sent no value")
        if fault := opening.get("fault"):
            raise self.failure(f"the program fails: {fault}")
        self._roles: dict[str, str] = dict(opening.get("names", {}))

    def __contains__(self, name: str) -> bool:
        return name in self._roles

    def value(self, name: str) -> Any:
        """What a name of the program is now: a plain value, or what refers to one over there."""
        kind, _, base = self._roles[name].partition(" ")
        if kind == "value":
            return self.ask("get", name, (), {})
        if kind == "exception":
            return self._exception_class(name, base)
        return self._remote(name, "function", True)

    def failure(self, text: str) -> ProgramError:
        """An error of the program, which decides the verdict whatever a test does with it."""
        self.fault = self.fault or text
        return ProgramError(text)

    def _exception_class(self, name: str, base: str) -> type[Exception]:
        if name not in self._exceptions:
            parent = type(plain_exception(base, "") or Exception())
            self._exceptions[name] = type(name, (parent,), {})
        return self._exceptions[name]

    def _remote(self, target: str | int, kind: str, is_callable: bool) -> Remote:
        if target not in self._remotes:
            form = RemoteFunction if is_callable else Remote
            self._remotes[target] = form(self, target, kind, target in self._tested)
        return self._remotes[target]

    def _send(self, data: Any) -> None:
        try:
            super()._send(data)
        except OSError:
            raise self.failure("the program ended") from None

    def _receive(self) -> Any:
        try:
            return super()._receive()
        except EOFError:
            raise self.failure("the program ended") from None
        except ValueError as error:
            raise self.failure(f"the program sent no value: {error}") from None

    def _failure_reply(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, ProgramError | BrokenTestError):
            raise error
        return super()._failure_reply(error)

    def _refer(self, value: Any) -> dict[str, Any]:
        if issubclass(type(value), Remote):
            return {"yours": vars(value)["_target"]}
        if callable(value) or hasattr(value, "__next__") or type(value).__module__ == MODULE:
            return self.keep(value)
        raise BrokenTestError(f"a {type(value).__name__} can't be handed to a program")

    def _look_up(self, how: str, what: Any) -> Any:
        if how == "yours":
            return self._kept[what]
        number, kind, is_callable = what
        return self._remote(int(number), str(kind)[:80], bool(is_callable))

    def _perform(self, operation: str, value: Any, args: list[Any], named: dict[str, Any]) -> Any:
        """Only what a program may do to a value that it was handed."""
        is_object = type(value).__module__ == MODULE and not isinstance(value, types.FunctionType)
        if operation == "call":
            return value(*args, **named)
        if operation in OF_ALL:
            return OF_ALL[operation](value)
        if is_object and operation in OF_OBJECTS:
            return OF_OBJECTS[operation](value, *args)
        if operation not in ("getattr", "setattr"):
            raise TypeError(f"a {type(value).__name__} of the tests has no such operation")
        name = args[0] if args and isinstance(args[0], str) else "_"
        if not is_object or name.startswith("_"):
            raise AttributeError(f"a {type(value).__name__} of the tests has no {name!r}")
        if operation == "getattr":
            return getattr(value, name)
        if callable(getattr(type(value), name, None)):
            raise AttributeError(f"{name!r} of a {type(value).__name__} can't be set")
        return setattr(value, name, args[1])

    def _exception(self, reply: dict[str, Any], operation: str) -> BaseException:
        """The program's exception as Python's own of that name, so that a test can expect it."""
        names, text = [str(name) for name in reply["raised"]], str(reply.get("message"))
        if operation == "next" and names[0] == "StopIteration":
            return StopIteration()
        for name in names if names[0] not in ENDINGS else ():
            kind, _, base = self._roles.get(name, "").partition(" ")
            if kind == "exception":
                return self._exception_class(name, base)(text)
            if error := plain_exception(name, text):
                return error
        return self.failure(f"{names[0]}: {text}" if text else names[0])
