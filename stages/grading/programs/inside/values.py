"""Plain values as JSON: what may cross between a program and its tests.

A value of a subclass crosses as what it holds (a Counter as a dict, a named tuple as a tuple), so
its methods stay behind. So do numbers and arrays of other libraries (sympy's, numpy's). Any other
value stays where it is, and something refers to it.
"""

import builtins
import datetime
import importlib
import numbers
import sys
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

SAFE = 1 << 53  # integers beyond are written in hexadecimal, which no digit limit concerns
MAX_DEPTH = 200
ARRAY_KINDS = "biufcSU"  # numpy's letters of numbers and text
Refer = Callable[[Any], dict[str, Any]]
"""What is written for a value that can't cross; raises if nothing may refer to it."""
LookUp = Callable[[str, Any], Any]
"""(how it is referred to, by what) → the value referred to"""


class TooDeepError(ValueError):
    """A value that nests too deep, or that holds itself."""


def encode(value: Any, refer: Refer, depth: int = 0) -> Any:
    """The value as json can write it; `refer` writes one that can't cross."""
    if depth > MAX_DEPTH:
        raise TooDeepError(f"a value nests deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if -SAFE < value < SAFE else {"int": hex(value)}
    if isinstance(value, list):
        return [encode(item, refer, depth + 1) for item in value]
    for name, group in _GROUPS.items():
        if isinstance(value, group):
            return {name: [encode(item, refer, depth + 1) for item in value]}
    if isinstance(value, dict):
        pairs = [[encode(member, refer, depth + 1) for member in pair] for pair in value.items()]
        return {"dict": pairs}
    if isinstance(value, bytes | bytearray):
        return {type(value).__name__: value.hex()}
    if isinstance(value, range):
        return {"range": [hex(value.start), hex(value.stop), hex(value.step)]}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    for kind in _WRITTEN:
        if isinstance(value, kind):
            return {kind.__name__: _WRITTEN[kind][0](value)}
    if isinstance(value, type) and vars(builtins).get(value.__name__) == value:
        return {"type": value.__name__}
    return _encode_foreign(value, refer, depth)


def _encode_foreign(value: Any, refer: Refer, depth: int) -> Any:
    """A number or an array of a library as what it holds; anything else as `refer` says."""
    numpy = sys.modules.get("numpy")
    if numpy and isinstance(value, numpy.ndarray | numpy.generic):
        if value.shape == ():
            return encode(value.item(), refer, depth + 1)
        if value.dtype.kind in ARRAY_KINDS:
            return {"array": [value.dtype.str, list(value.shape), value.tobytes().hex()]}
        items = [encode(item, refer, depth + 1) for item in value.ravel()]
        return {"array": ["O", list(value.shape), items]}
    if isinstance(value, numbers.Integral):
        return encode(int(value), refer, depth + 1)
    if isinstance(value, numbers.Rational):
        return encode(Fraction(int(value.numerator), int(value.denominator)), refer, depth + 1)
    return float(value) if isinstance(value, numbers.Real) else refer(value)


def decode(data: Any, look_up: LookUp) -> Any:
    """The value again; `look_up` gives one that did not cross. ValueError for anything else."""
    if isinstance(data, list):
        return [decode(item, look_up) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) != 1:
        raise ValueError("no value has this form")
    [(kind, inner)] = data.items()
    if kind in REFERENCES:
        return look_up(kind, inner)
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
    def value(inner: Any, look_up: LookUp) -> Any:
        try:
            return read(inner)
        except (ArithmeticError, TypeError) as error:
            raise ValueError("no value has this form") from error

    return value


def _items(inner: Any, look_up: LookUp) -> list[Any]:
    return [decode(item, look_up) for item in inner]


def _array(inner: Any, look_up: LookUp) -> Any:
    numpy = importlib.import_module("numpy")
    kind, shape, held = inner
    if kind == "O":
        array = numpy.empty(len(held), dtype=object)
        array[:] = _items(held, look_up)
        return array.reshape(shape)
    if numpy.dtype(kind).kind not in ARRAY_KINDS:
        raise ValueError("no value has this form")
    return numpy.frombuffer(bytearray.fromhex(held), dtype=kind).reshape(shape)


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
_NOTHING: dict[Any, Any] = {}
_VIEWS = type(_NOTHING.keys()), type(_NOTHING.values()), type(_NOTHING.items())
_GROUPS: dict[str, type[Iterable[Any]]] = {
    kind.__name__: kind for kind in (tuple, set, frozenset, deque, *_VIEWS)
}
REFERENCES = ("kept", "yours")
"""kept: [number, name of its class, whether it can be called] of a value of the sender's; yours:
the number or the name of a value of the receiver's."""
_READERS: dict[str, Callable[[Any, LookUp], Any]] = {
    "int": lambda inner, look_up: int(inner, 16),
    "tuple": lambda inner, look_up: tuple(_items(inner, look_up)),
    "set": lambda inner, look_up: set(_items(inner, look_up)),
    "frozenset": lambda inner, look_up: frozenset(_items(inner, look_up)),
    "deque": lambda inner, look_up: deque(_items(inner, look_up)),
    "dict_keys": lambda inner, look_up: dict.fromkeys(_items(inner, look_up)).keys(),
    "dict_values": lambda inner, look_up: dict(enumerate(_items(inner, look_up))).values(),
    "dict_items": lambda inner, look_up: dict(_items(inner, look_up)).items(),
    "dict": lambda inner, look_up: {decode(k, look_up): decode(v, look_up) for k, v in inner},
    "bytes": lambda inner, look_up: bytes.fromhex(inner),
    "bytearray": lambda inner, look_up: bytearray.fromhex(inner),
    "range": lambda inner, look_up: range(*(int(end, 16) for end in inner)),
    "type": lambda inner, look_up: _builtin_type(inner),
    "complex": lambda inner, look_up: complex(*inner),
    "array": _array,
} | {kind.__name__: _reader(read) for kind, (_, read) in _WRITTEN.items()}
