"""The program as its tests see it: names and values that refer to the program's own."""

import types
from collections.abc import Iterator
from typing import Any

from .class_operators import COMPARISONS, OF_ONE, OF_TWO
from .peer import Peer

KINDS = {  # so that a test can ask what it got
    kind.__name__: kind
    for kind in (types.GeneratorType, types.FunctionType, map, filter, zip, enumerate, reversed)
}


class ProgramError(BaseException):
    """The program failed, ended, or gave what no test can take. No test can catch it."""


class BrokenTestError(BaseException):
    """A test that can't be run, whatever the program does."""


class Remote:
    """Refers to a value of the program: what is done to it is done over there.

    Its word counts only for plain values. No test compares it or computes with it: an object that
    equals anything is no answer. What it holds is counted here, over what it yields.

    Not so for a class that the tests are about (`_tested`), as its methods are what they test. Its
    objects are compared among each other, and computed with; none is compared with a plain value.
    """

    def __init__(self, program: Peer, target: str | int, kind: str, tested: bool) -> None:
        vars(self).update(_program=program, _target=target, _kind=kind, _tested=tested)

    def _ask(self, operation: str, *args: Any) -> Any:
        own = vars(self)
        return own["_program"].ask(operation, own["_target"], args, {})

    def _are_tested(self, *others: object) -> bool:
        """Whether this, and the others too, are of classes that the tests are about."""
        return all(isinstance(one, Remote) and vars(one)["_tested"] for one in (self, *others))

    def _ask_tested(self, operation: str, *args: Any) -> Any:
        """What a tested object gives: another one of them, or a plain value."""
        result = self._ask(operation, *args)
        if issubclass(type(result), Remote):
            vars(result)["_tested"] = True
        return result

    def _refuse(self, other: object, what: str) -> BaseException:
        tested = any(isinstance(each, Remote) and vars(each)["_tested"] for each in (self, other))
        text = f"{what} a {vars(self)['_kind']} of the program's own, and only plain values count"
        if tested:
            return BrokenTestError(f"the test {text}")
        return vars(self)["_program"].failure(f"the test {text}")  # type: ignore[no-any-return]

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return KINDS.get(vars(self)["_kind"], Remote)

    def __getattr__(self, name: str) -> Any:
        return (self._ask_tested if vars(self)["_tested"] else self._ask)("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("setitem", key, value)

    def __len__(self) -> int:
        stated = int(self._ask("len"))
        if not vars(self)["_tested"]:
            counted = sum(1 for _, _ in zip(range(stated + 1), self, strict=False))
            if counted != stated:
                raise vars(self)["_program"].failure(f"a length of {stated}, and not its items")
        return stated

    def __iter__(self) -> Iterator[Any]:
        return self._ask("iter")  # type: ignore[no-any-return]

    def __next__(self) -> Any:
        return self._ask("next")

    def __contains__(self, item: Any) -> bool:
        if vars(self)["_tested"]:
            return bool(self._ask("contains", item))
        return any(own is item or own == item for own in self)

    def __instancecheck__(self, value: Any) -> bool:
        return issubclass(type(value), Remote) and bool(self._ask("isinstance", value))

    def __subclasscheck__(self, other: Any) -> bool:
        return issubclass(type(other), Remote) and bool(self._ask("issubclass", other))

    def __enter__(self) -> Any:
        return self._ask_tested("enter")

    def __exit__(self, *_: object) -> None:
        self._ask("exit")

    def __bool__(self) -> bool:
        return bool(self._ask("bool"))

    def __str__(self) -> str:
        return str(self._ask("str"))

    def __repr__(self) -> str:
        return str(self._ask("repr"))

    def __int__(self) -> int:
        return int(self._ask("int"))

    def __float__(self) -> float:
        return float(self._ask("float"))

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if self._are_tested(other):
            return bool(self._ask("eq", other))
        raise self._refuse(other, "compares")

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return int(self._ask("hash")) if self._are_tested() else object.__hash__(self)


class RemoteFunction(Remote):
    """One that can be called."""

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        own = vars(self)
        result = own["_program"].ask("call", own["_target"], args, named)
        if own["_tested"] and issubclass(type(result), Remote):
            vars(result)["_tested"] = True
        return result


def _define_comparison(name: str) -> None:
    def method(self: Remote, other: object) -> bool:
        if self._are_tested(other):
            return bool(self._ask(name, other))
        raise self._refuse(other, "compares")

    setattr(Remote, f"__{name}__", method)


def _define_operator(name: str) -> None:
    def method(self: Remote, *others: object) -> Any:
        if self._are_tested():
            return self._ask_tested(name, *others)
        raise self._refuse(next(iter(others), None), "computes with")

    def refuse_swapped(self: Remote, other: object) -> Any:
        raise self._refuse(other, "computes with")

    setattr(Remote, f"__{name}__", method)
    if name in OF_TWO:
        setattr(Remote, f"__r{name}__", refuse_swapped)


for _name in COMPARISONS[1:]:
    _define_comparison(_name)
for _name in (*OF_ONE, *OF_TWO):
    _define_operator(_name)
