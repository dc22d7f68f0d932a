"""What both sides do: ask for an operation on a value over there, and answer while they wait.

A message is a request [operation, target, arguments, named arguments] or a reply: {"value",
"changed"} or {"raised", "message"}. Whoever asks serves requests until its reply comes, so a
function of the tests can be called by the program that the tests have called.
"""

import builtins
from collections import deque
from typing import Any

from .channel import Channel
from .values import decode, encode

PLACES = (list, dict, set, deque, bytearray)
"""What a call may change in place; arrays too."""


class Peer:
    """One side. Values that can't cross are kept here under a number."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._kept: list[Any] = []
        self._numbers: dict[int, int] = {}

    def ask(
        self, operation: str, target: str | int, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """What the operation gives over there; what it changed in place is changed here too."""
        request = [operation, target, [self.encode(arg) for arg in args]]
        self._send([*request, {name: self.encode(arg) for name, arg in named.items()}])
        while not isinstance(reply := self._receive(), dict):
            self._send(self._answer(reply))
        if "raised" in reply:
            raise self._exception(reply, operation)
        for position, now in reply["changed"]:
            overwrite(
                args[position] if isinstance(position, int) else named[position], self.decode(now)
            )
        return self.decode(reply["value"])

    def encode(self, value: Any) -> Any:
        """The value as it crosses."""
        return encode(value, self._refer)

    def decode(self, data: Any) -> Any:
        """A value that came over."""
        return decode(data, self._look_up)

    def keep(self, value: Any) -> dict[str, Any]:
        """What refers to a value of this side."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._kept)
            self._kept.append(value)  # so that no other object gets its id
        kind = type(value).__name__
        return {"kept": [self._numbers[id(value)], str(kind), callable(value)]}

    def _answer(self, request: Any) -> dict[str, Any]:
        try:
            operation, target, sent, sent_named = request
            args = [self.decode(arg) for arg in sent]
            named = {name: self.decode(arg) for name, arg in sent_named.items()}
            value = self._look_up("yours", target)
            result = self.encode(self._perform(operation, value, args, named))
            changed = []
            for position, arg, before in [
                *zip(range(len(args)), args, sent, strict=True),
                *zip(named, named.values(), sent_named.values(), strict=True),
            ]:
                if operation == "call" and (isinstance(arg, PLACES) or is_array(arg)):
                    after = self.encode(arg)
                    changed += [] if after == before else [[position, after]]
            return {"value": result, "changed": changed}
        except BaseException as error:
            return self._failure_reply(error)

    def _failure_reply(self, error: BaseException) -> dict[str, Any]:
        names = [kind.__name__ for kind in type(error).__mro__]
        return {"raised": names, "message": message(error)}

    def _send(self, data: Any) -> None:
        self._channel.send(data)

    def _receive(self) -> Any:
        return self._channel.receive()

    def _perform(self, operation: str, value: Any, args: list[Any], named: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _refer(self, value: Any) -> dict[str, Any]:
        raise NotImplementedError

    def _look_up(self, how: str, what: Any) -> Any:
        raise NotImplementedError

    def _exception(self, reply: dict[str, Any], operation: str) -> BaseException:
        raise NotImplementedError


def overwrite(argument: Any, now: Any) -> None:
    """Changes an argument in place, as the other side did. ValueError if nothing can."""
    if isinstance(argument, list | bytearray):
        argument[:] = now
    elif isinstance(argument, deque):
        argument.clear()
        argument.extend(now)
    elif isinstance(argument, dict | set):
        argument.clear()
        argument.update(now)
    elif is_array(argument):
        argument[...] = now
    else:
        raise ValueError(f"a {type(argument).__name__} does not change in place")


def is_array(value: Any) -> bool:
    """Whether it is an array of numpy's."""
    return type(value).__module__ == "numpy" and hasattr(value, "ravel")


def plain_exception(name: str, text: str) -> Exception | None:
    """Python's own exception of that name; None if it has none or a call may not raise it."""
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    if issubclass(kind, StopIteration | StopAsyncIteration | ExceptionGroup):
        return None
    try:
        return kind(text)
    except TypeError:  # UnicodeDecodeError, for example, takes more than a text
        return kind.__new__(kind, text)


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
