r"""Answers that are equations: ``x = 5``, ``A = \pi r^2 = 25\pi``, ``0.56 = 56\%``.

Policy. What follows the name of a quantity is the answer, and of a chain the last side. A reference
whose sides are all numbers has as many answers, since each is right. An approximate sign joins a
value and its rounding; either counts, if they are within one percent.
"""

import re
from decimal import Decimal
from fractions import Fraction

from stages.grading.mathematics.formulas import real_value
from stages.grading.mathematics.numbers import read_number

_NAME = (
    r"m? ?\\angle ?[A-Z]{1,3}|\|[A-Z]{2}\||[A-Za-z]{2,}(?: [A-Za-z]{2,}){1,4}"
    r"|\((?:[A-Za-z]\w?,? ?)+\)|\\?[A-Za-z]+'*(?:_\{?\w+\}?)?(?:\([\w, ]*\))?"
)
_ASSIGNMENT = re.compile(rf"({_NAME})\s?=([^<>]+)")
_RELATION = re.compile(r"[<>]|\\(?:in|le|ge|leq|geq|lt|gt|neq?)(?![A-Za-z])")
_SEVERAL = re.compile(r",|\b(?:and|or)\b")
_APPROXIMATE = re.compile(r"\\(?:approx|simeq)(?![A-Za-z])")
MAX_SIDES = 6


def assignment(tidied: str) -> tuple[str, str] | None:
    """(name, value) of an answer that names what it gives; None of any other."""
    match = _ASSIGNMENT.fullmatch(tidied)
    if not match or _RELATION.search(tidied):
        return None
    name, value = match.groups()
    if "=" in value and _SEVERAL.search(value):
        return None
    return name, value.rpartition("=")[2].strip()


def equal_sides(tidied: str) -> list[str]:
    """The sides of a chain of numbers; none of any other text."""
    sides = [side.strip() for side in tidied.split("=")]
    if not 1 < len(sides) <= MAX_SIDES or _SEVERAL.search(tidied):
        return []
    return sides if None not in map(_number, sides) else []


def roundings(tidied: str) -> list[str]:
    """A value and what it is said to be about; none of any other text, or if that is far off."""
    sides = [side.strip() for side in _APPROXIMATE.split(tidied)]
    values = [value for value in map(_number, sides) if value is not None]
    if not len(values) == len(sides) <= MAX_SIDES:
        return []
    is_near = max(values) - min(values) <= max(map(abs, values)) / 100
    return sides if is_near and len(sides) > 1 else []


def _number(side: str) -> Fraction | None:
    if read := read_number(side):
        return read.value
    value: Decimal | None = real_value(side)
    return None if value is None else Fraction(value)
