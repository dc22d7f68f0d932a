"""A value of the tests as the program sees it: a function, an iterator, an object of a class that
was given to both."""

import operator
from collections.abc import Callable
from typing import Any

OPERATORS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul", "truediv", "neg")
}


class Foreign:
    """Refers to a value of the tests: what is done to it is done over there.

    It says that it is of the given class of that name, so that `isinstance` holds.
    """

    def __init__(self, peer: Any, number: int, kind: Any) -> None:
        vars(self).update(_peer=peer, _number=number, _kind=kind)

    def _ask(self, operation: str, *args: Any) -> Any:
        own = vars(self)
        return own["_peer"].ask(operation, own["_number"], args, {})

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        kind = vars(self)["_kind"]
        return kind if isinstance(kind, type) else Foreign

    def __getattr__(self, name: str) -> Any:
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __hash__(self) -> int:
        return hash(vars(self)["_number"])


class ForeignFunction(Foreign):
    """One that can be called."""

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        own = vars(self)
        return own["_peer"].ask("call", own["_number"], args, named)


def foreign(peer: Any, number: int, kind: Any, is_callable: bool) -> Foreign:
    """The tests' value of that number, of the given class `kind` if it is one."""
    return (ForeignFunction if is_callable else Foreign)(peer, number, kind)


def _define(operation: str) -> None:
    def method(self: Foreign, *args: Any) -> Any:
        return self._ask(operation, *args)

    setattr(Foreign, f"__{operation}__", method)


OF_CONTAINERS = ("len", "iter", "next", "contains", "getitem", "setitem")
for _operation in (*OPERATORS, *OF_CONTAINERS, "bool", "str"):
    _define(_operation)
