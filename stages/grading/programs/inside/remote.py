"""The program as its tests see it: names and values that refer to the program's own."""

import builtins
from collections.abc import Iterator
from typing import Any

from .channel import Channel
from .values import decode, encode


class ProgramError(Exception):
    """The program failed, ended, or sent something that is not a reply."""


class BrokenTestError(Exception):
    """A test that can't be run, whatever the program does."""


class Remote:
    """Refers to a value of the program: what is done to it is done over there.

    It equals only itself. Whatever its own `==` would say, the program has no part in comparisons.
    """

    def __init__(self, program: "Program", target: str | int) -> None:
        object.__setattr__(self, "_program", program)
        object.__setattr__(self, "_target", target)

    def _ask(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        return self._program.ask(operation, self._target, *args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("call", *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("setitem", key, value)

    def __len__(self) -> int:
        return int(self._ask("len"))

    def __iter__(self) -> Iterator[Any]:
        return self._ask("iter")  # type: ignore[no-any-return]

    def __next__(self) -> Any:
        return self._ask("next")

    def __contains__(self, item: Any) -> bool:
        return bool(self._ask("contains", item))

    def __bool__(self) -> bool:
        return bool(self._ask("bool"))

    def __str__(self) -> str:
        return str(self._ask("str"))

    def __int__(self) -> int:
        return int(self._ask("int"))

    def __float__(self) -> float:
        return float(self._ask("float"))


class Program:
    """The channel to the other side, and the references to values over there."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._remotes: dict[int, Remote] = {}
        opening = self._read()
        if fault := opening.get("fault"):
            raise ProgramError(f"the program fails: {fault}")
        self.names = {name for name in opening.get("names", []) if isinstance(name, str)}

    def ask(self, operation: str, target: str | int, *args: Any, **kwargs: Any) -> Any:
        """The result of an operation on the value of that name or number over there."""
        encoded_args = [encode(arg, _number) for arg in args]
        encoded_kwargs = {name: encode(arg, _number) for name, arg in kwargs.items()}
        try:
            self._channel.send([operation, target, encoded_args, encoded_kwargs])
        except OSError:
            raise ProgramError("the program ended") from None
        reply = self._read()
        if "raised" in reply:
            raise _exception(reply)
        for index, now in reply["args"].items():
            _overwrite(args[int(index)], decode(now, self._remote))
        return decode(reply["value"], self._remote)

    def _read(self) -> dict[str, Any]:
        try:
            reply = self._channel.receive()
        except EOFError:
            raise ProgramError("the program ended") from None
        if not isinstance(reply, dict):
            raise ProgramError("the program sent no value")
        return reply

    def _remote(self, number: int) -> Remote:
        if number not in self._remotes:
            self._remotes[number] = Remote(self, int(number))
        return self._remotes[number]


def _number(value: Any) -> int:
    target = value._target if isinstance(value, Remote) else None
    if isinstance(target, int):
        return target
    raise BrokenTestError(f"a {type(value).__name__} can't be handed to a program")


def _overwrite(argument: Any, now: Any) -> None:
    """Changes an argument in place, as the program did."""
    if type(argument) is not type(now) or argument == now:
        return
    if isinstance(argument, list):
        argument[:] = now
    else:
        argument.clear()
        argument.update(now)


def _exception(reply: dict[str, Any]) -> BaseException:
    """The program's exception as Python's own of that name, so that a test can expect it."""
    kind = getattr(builtins, str(reply["raised"]), None)
    text = str(reply.get("message"))
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return ProgramError(text)
    try:
        return kind(text)
    except TypeError:  # UnicodeDecodeError, for example, takes more than a text
        return ProgramError(text)
