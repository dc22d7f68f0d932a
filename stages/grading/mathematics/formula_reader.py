r"""Evaluates formulas of school algebra while reading them.

Read: numbers, letters with or without an index, ``\pi``, + - * /, ``\frac``, ``\sqrt``, powers,
factorials and binomials of numbers, brackets, products without a sign, one equals sign. The letter
i is the imaginary unit and e is Euler's number; every other letter gets a positive number of its
own. Anything else (a function, a relation, a vertical bar) is left to algebra, as is everything
that can be read in two ways: ``1/2x``, ``x 2``, ``f(x)``.
"""

import math
import re
from decimal import Decimal
from fractions import Fraction
from zlib import crc32

from stages.grading.mathematics import decimal_functions
from stages.grading.mathematics.complex_numbers import (
    ComplexNumber,
    OutOfReachError,
    transcendental,
)

MAX_DEPTH, MAX_FACTORIAL = 20, 5_000

_TOKEN = re.compile(r" *(\d+(?:\.\d*)?|\.\d+|\\[A-Za-z]+|[A-Za-z]|[-+*/^_=!(){}\[\]])")
_GREEK = "alpha beta gamma delta epsilon theta lambda mu omega phi sigma"
_LETTERS = frozenset([rf"\{name}" for name in _GREEK.split()] + [r"\infty"])  # unlike any number
_SIGNS = {"*": "*", r"\cdot": "*", r"\times": "*", "/": "/", r"\div": "/"}
_CLOSING_BRACKET = {"(": ")", "[": "]", "{": "}"}
_END, DIGITS = "", ".0123456789"
NO_FACTOR = DIGITS + "!"


class FormulaReader:
    """Evaluates one formula while reading it. Each letter is a number that depends on `point`."""

    def __init__(self, tokens: list[str], point: int) -> None:
        self._tokens, self._position, self._point, self._depth = tokens, 0, point, 0

    def value(self) -> ComplexNumber:
        """The value of the whole formula; for an equation, left minus right."""
        value = self._sum()
        if self._take_if("="):
            value = value.subtract(self._sum())
        self._expect(_END)
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._position]

    def _take(self) -> str:
        self._position += 1
        return self._tokens[self._position - 1]

    def _take_if(self, token: str) -> bool:
        """Takes the next token if it is this one."""
        if self._next != token:
            return False
        self._position += 1
        return True

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise OutOfReachError

    def _group(self) -> ComplexNumber:
        closing = _CLOSING_BRACKET.get(self._take())
        self._depth += 1
        if not closing or self._depth > MAX_DEPTH:
            raise OutOfReachError
        value = self._sum()
        self._expect(closing)
        self._depth -= 1
        return value

    def _sum(self) -> ComplexNumber:
        is_negative = (self._take() if self._next in ("+", "-") else "+") == "-"
        value = self._product()
        value = value.negative() if is_negative else value
        while self._next in ("+", "-"):
            is_negative, term = self._take() == "-", self._product()
            value = value.subtract(term) if is_negative else value.add(term)
        return value

    def _product(self) -> ComplexNumber:
        value, sign = self._power(), ""
        while self._next not in ("+", "-", "=", ")", "]", "}", _END):
            if self._next in _SIGNS:
                sign = _SIGNS[self._take()]
                factor = self._power(signed=True)
                value = value.divide(factor) if sign == "/" else value.multiply(factor)
            elif sign == "/" or self._next[0] in NO_FACTOR:
                raise OutOfReachError
            else:
                value = value.multiply(self._power())
        return value

    def _power(self, signed: bool = False) -> ComplexNumber:
        if signed and self._take_if("-"):
            return self._power().negative()
        start = self._position
        base = self._atom()
        if self._take_if("!"):
            base = _factorial(base)
        tokens = self._tokens[start : self._position]
        if not self._take_if("^"):
            return base
        power = self._atom()
        if self._next in ("^", "!") or (power.re % 1 and _may_change_sign(tokens)):
            raise OutOfReachError
        return base.power(power)

    def _atom(self) -> ComplexNumber:
        if self._next in _CLOSING_BRACKET:
            return self._group()
        match self._take():
            case r"\frac":
                return self._group().divide(self._group())
            case r"\sqrt":
                return self._root()
            case r"\binom":
                return _binomial(self._group(), self._group())
            case r"\pi":
                return transcendental(decimal_functions.pi(), Decimal(0))
            case "e":
                return transcendental(decimal_functions.euler(), Decimal(0))
            case "i":
                return ComplexNumber(0, 1)
            case token if token[:1].isdigit() or token[:1] == ".":
                return ComplexNumber(int(token) if token.isdigit() else Fraction(token.rstrip(".")))
            case token if token in _LETTERS or token.isalpha():
                return self._letter(token)
            case _:
                raise OutOfReachError

    def _root(self) -> ComplexNumber:
        degree = "2"
        if self._take_if("["):
            degree = self._take()
            self._expect("]")
        if not degree.isdigit() or (len(self._next) > 1 and self._next[0] in DIGITS):
            raise OutOfReachError  # \sqrt12 may be one or the other
        start = self._position
        value = self._atom()
        if _may_change_sign(self._tokens[start : self._position]):
            raise OutOfReachError
        return value.root(int(degree))

    def _letter(self, name: str) -> ComplexNumber:
        if self._take_if("_"):
            name += "_" + self._take()
            if name.endswith("{"):
                while self._next not in ("}", _END):
                    name += self._take()
                self._expect("}")
        spread = crc32(f"{name.replace('{', '')} {self._point}".encode())
        value = 1 + Decimal(spread % 99_991) / 65_537  # any number, so not near others by chance
        return ComplexNumber(value, Decimal(0), up=0.5, error=1)


def _factorial(value: ComplexNumber) -> ComplexNumber:
    return ComplexNumber(math.factorial(_small_whole(value)))


def _binomial(n: ComplexNumber, k: ComplexNumber) -> ComplexNumber:
    return ComplexNumber(math.comb(_small_whole(n), _small_whole(k)))


def _small_whole(value: ComplexNumber) -> int:
    """Of a number whose factorial is not too long; OutOfReachError for any other."""
    if not value.is_exact or value.im or value.re % 1 or not 0 <= value.re <= MAX_FACTORIAL:
        raise OutOfReachError
    return int(value.re)


def has_letter(tokens: list[str]) -> bool:
    """Whether a formula's value depends on a letter."""
    return any(t in _LETTERS or (t.isalpha() and t not in ("i", "e")) for t in tokens)


def _may_change_sign(tokens: list[str]) -> bool:
    """Whether a formula may be positive for some values of its letters and negative for others."""
    return "-" in tokens and has_letter(tokens)


def tokenise(text: str) -> list[str]:
    """The tokens of a formula, "" last. Raises OutOfReachError for anything else."""
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise OutOfReachError
        tokens.append(match[1])
        position = match.end()
    return [*tokens, _END]
