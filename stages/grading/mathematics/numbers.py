r"""Plainly written numbers as exact fractions.

Read: integers (``016`` is 16) with thousands separators (``1,000``, ``10{,}000``, ``10\,000``),
decimals (``0.\overline{3}`` is 1/3), quotients (``1/2``, ``\frac12``, ``\dfrac{1}{2}``), mixed
numbers (``3\frac12``), powers of ten (``1.5e3``, ``1.5 \times 10^{3}``, up to three digits of
exponent) and percent.
Nothing else is, so no digit bomb is ever expanded: ``9^{9^9}`` is not a plainly written number.

Policy on equality. Two numbers are compared as fractions, exactly. A decimal of six or more
places was rounded, so it equals what is nearer to it than one in its last place (and within 1e-5 of
its size), or as near as computers calculate; shorter ones are taken at their word. ``50%`` equals
50, since problems ask for a percentage either way, and it equals 1/2.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, tidy

ROUNDED_PLACES, FLOAT_PLACES = 6, 18
"""Places from which a decimal was rounded, and up to which a computer may have calculated it."""

_UNSIGNED = r"(?:(?:\d{1,3}(?:[, ]\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+)"
_SIGNED = rf"[+-]?\s?{_UNSIGNED}"
_DECIMAL = re.compile(
    rf"(?P<digits>{_SIGNED})"
    r"(?:\s?(?:\\times|\\cdot|\*|x)\s?10\s?\^\s?\{?(?P<power>[+-]?\d{1,3})\}?"
    r"|[eE](?P<exponent>[+-]?\d{1,3}))?"
)
_LATEX_QUOTIENT = re.compile(
    rf"(?P<sign>[+-]?)\s?(?P<whole>\d*)\s?"
    rf"\\frac\{{\s?(?P<over>{_SIGNED})\s?\}}\s?\{{\s?(?P<under>{_SIGNED})\s?\}}"
)
_QUOTIENT = re.compile(
    rf"(?P<sign>[+-]?)\s?(?:(?P<whole>\d+)\s(?=\d+/\d+$))?"
    rf"\(?(?P<over>{_UNSIGNED})\)?\s?/\s?\(?(?P<under>{_SIGNED})\)?"
)
_REPEATING = re.compile(r"(-?)\s?(\d{0,9})\.(\d{0,9})\s?\\overline\s?\{(\d{1,9})\}")


class Number(NamedTuple):
    """A number as written: its value without the percent sign, and what equality depends on."""

    value: Fraction
    is_percent: bool
    decimal_places: int


def number(text: str) -> Fraction | None:
    """The value of a plainly written number, None for anything else. Percent signs are dropped."""
    if len(text) > MAX_ANSWER_CHARS:
        return None
    read = read_number(tidy(text))
    return read.value if read else None


def read_number(tidied: str) -> Number | None:
    """A tidied answer as a number, None if it is not a plainly written number."""
    if tidied.isascii() and tidied.isdigit():
        return Number(Fraction(int(tidied)), False, 0)
    text = tidied.removesuffix("%").rstrip()
    if match := _DECIMAL.fullmatch(text):
        power = int(match["power"] or match["exponent"] or 0)
        value = _fraction(match["digits"])
        value = value * Fraction(10) ** power if power else value
        return Number(value, tidied.endswith("%"), len(match["digits"].partition(".")[2]))
    if match := _REPEATING.fullmatch(text):
        return Number(_repeating_decimal(*match.groups()), tidied.endswith("%"), 0)
    match = _LATEX_QUOTIENT.fullmatch(text) or _QUOTIENT.fullmatch(text)
    if not match:
        return None
    over, under, whole = _fraction(match["over"]), _fraction(match["under"]), match["whole"]
    if under == 0 or (whole and not 0 < over < under):
        return None
    value = int(whole or 0) + over / under
    return Number(-value if match["sign"] == "-" else value, tidied.endswith("%"), 0)


def are_equal(one: Number, other: Number) -> bool:
    """Whether two numbers are one answer, by the policy above."""
    if one.value == other.value:
        return True
    if one.is_percent != other.is_percent:
        percent, bare = (one, other) if one.is_percent else (other, one)
        return percent.value / 100 == bare.value
    if max(one.decimal_places, other.decimal_places) < ROUNDED_PLACES:
        return False
    gap, size = abs(one.value - other.value), max(abs(one.value), abs(other.value))
    return is_rounding(gap, size, [one.decimal_places, other.decimal_places])


def is_rounding(gap: Fraction, size: Fraction, n_places: list[int]) -> bool:
    """Whether decimals of so many places explain a gap between numbers of that size."""
    rounded = [n for n in n_places if n >= ROUNDED_PLACES]
    if not rounded or gap > size / 10**5:
        return False
    is_calculated = max(rounded) <= FLOAT_PLACES and gap <= size / 10**12
    return gap < Fraction(1, 10 ** min(rounded)) or is_calculated


def _fraction(digits: str) -> Fraction:
    digits = digits.replace(",", "").replace(" ", "").removesuffix(".")
    return Fraction(int(digits)) if digits.isdecimal() else Fraction(digits)


def _repeating_decimal(sign: str, whole: str, leading: str, repeated: str) -> Fraction:
    period = Fraction(int(repeated), 10 ** len(repeated) - 1)
    value = (int(f"0{whole}{leading}") + period) * Fraction(10) ** -len(leading)
    return -value if sign else value
