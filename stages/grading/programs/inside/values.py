"""Plain values as JSON: what may cross between a program and its tests.

A value of a subclass crosses as what it holds (a Counter as a dict, a named tuple as a tuple), so
its methods stay behind. Any other value (a numpy array, for example) stays where it is, and a
number refers to it.
"""

import builtins
import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

SAFE = 1 << 53  # integers beyond are written in hexadecimal, which no digit limit concerns
MAX_DEPTH = 200


class TooDeepError(ValueError):
    """A value that nests too deep, or that holds itself."""


def encode(value: Any, keep: Callable[[Any], int], depth: int = 0) -> Any:
    """The value as json can write it. `keep` gives a number to one that can't cross, or raises."""
    if depth > MAX_DEPTH:
        raise TooDeepError(f"a value nests deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if -SAFE < value < SAFE else {"int": hex(value)}
    if isinstance(value, list):
        return [encode(item, keep, depth + 1) for item in value]
    for group in (tuple, set, frozenset):
        if isinstance(value, group):
            return {group.__name__: [encode(item, keep, depth + 1) for item in value]}
    if isinstance(value, dict):
        pairs = [[encode(member, keep, depth + 1) for member in pair] for pair in value.items()]
        return {"dict": pairs}
    if isinstance(value, bytes | bytearray):
        return {type(value).__name__: value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    for kind in _WRITTEN:
        if isinstance(value, kind):
            return {kind.__name__: _WRITTEN[kind][0](value)}
    if isinstance(value, type) and vars(builtins).get(value.__name__) == value:
        return {"type": value.__name__}
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return encode(value.item(), keep, depth + 1)
    return {"kept": keep(value)}


def decode(data: Any, look_up: Callable[[int], Any]) -> Any:
    """The value again; `look_up` gives the value of a number. ValueError for anything else."""
    if isinstance(data, list):
        return [decode(item, look_up) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) != 1:
        raise ValueError("no value has this form")
    [(kind, inner)] = data.items()
    if kind not in _READERS:
        raise ValueError("no value has this form")
    return _READERS[kind](inner, look_up)


def _builtin_type(name: str) -> type:
    kind = getattr(builtins, name, None)
    if not isinstance(kind, type):
        raise ValueError("no type has this name")
    return kind


def _fraction(numbers: list[str]) -> Fraction:
    return Fraction(*(int(number, 16) for number in numbers))


def _reader(read: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def value(inner: Any, look_up: Callable[[int], Any]) -> Any:
        try:
            return read(inner)
        except (ArithmeticError, TypeError) as error:
            raise ValueError("no value has this form") from error

    return value


def _items(inner: Any, look_up: Callable[[int], Any]) -> list[Any]:
    return [decode(item, look_up) for item in inner]


# datetime before date, of which it is a subclass
_WRITTEN: dict[type, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    Fraction: (lambda value: [hex(value.numerator), hex(value.denominator)], _fraction),
    Decimal: (Decimal.__str__, Decimal),
    datetime.datetime: (datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    datetime.date: (datetime.date.isoformat, datetime.date.fromisoformat),
    datetime.time: (datetime.time.isoformat, datetime.time.fromisoformat),
    datetime.timedelta: (
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda parts: datetime.timedelta(*parts),
    ),
}
_READERS: dict[str, Callable[[Any, Callable[[int], Any]], Any]] = {
    "int": lambda inner, kept: int(inner, 16),
    "tuple": lambda inner, kept: tuple(_items(inner, kept)),
    "set": lambda inner, kept: set(_items(inner, kept)),
    "frozenset": lambda inner, kept: frozenset(_items(inner, kept)),
    "dict": lambda inner, kept: {decode(k, kept): decode(v, kept) for k, v in inner},
    "bytes": lambda inner, kept: bytes.fromhex(inner),
    "bytearray": lambda inner, kept: bytearray.fromhex(inner),
    "type": lambda inner, kept: _builtin_type(inner),
    "complex": lambda inner, kept: complex(*inner),
    "kept": lambda inner, kept: kept(inner),
} | {kind.__name__: _reader(read) for kind, (_, read) in _WRITTEN.items()}
