r"""What school algebra writes, valued while it is read.

Read: numbers, letters with or without an index, ``\pi``, + - * /, ``\frac``, ``\sqrt``, powers,
brackets, products without a sign, one equals sign. The letter i is the imaginary unit and e is
Euler's number; every other letter gets a positive number of its own. Anything else (a function, a
relation, a vertical bar) is left to algebra, as is all that two readers may read in two ways:
``1/2x``, ``x 2``, ``f(x)``.
"""

import re
from decimal import Decimal
from zlib import crc32

from stages.grading.mathematics.complex_numbers import PI, E, OutOfReachError, Value, real

MAX_DEPTH = 20

_TOKEN = re.compile(r" *(\d+(?:\.\d*)?|\.\d+|\\[A-Za-z]+|[A-Za-z]|[-+*/^_=(){}\[\]])")
_GREEK = "alpha beta gamma delta epsilon theta lambda mu omega phi sigma"
_LETTERS = frozenset([rf"\{name}" for name in _GREEK.split()] + [r"\infty"])  # unlike any number
_SIGNS = {"*": "*", r"\cdot": "*", r"\times": "*", "/": "/", r"\div": "/"}
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_END, DIGITS = "", ".0123456789"


class Reading:
    """One formula, valued while it is read. Each letter is a number that depends on `point`."""

    def __init__(self, tokens: list[str], point: int) -> None:
        self._tokens, self._place, self._point, self._depth = tokens, 0, point, 0

    def value(self) -> Value:
        """The value of the whole; of an equation, left less right."""
        value = self._sum()
        if self._found("="):
            value = value.minus(self._sum())
        self._expect(_END)
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._place]

    def _take(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1]

    def _found(self, token: str) -> bool:
        """Take the next token if it is this one."""
        if self._next != token:
            return False
        self._place += 1
        return True

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise OutOfReachError

    def _bracketed(self) -> Value:
        closing = _CLOSED_BY.get(self._take())
        self._depth += 1
        if not closing or self._depth > MAX_DEPTH:
            raise OutOfReachError
        value = self._sum()
        self._expect(closing)
        self._depth -= 1
        return value

    def _sum(self) -> Value:
        value, sign = Value(Decimal(0)), self._take() if self._next in ("+", "-") else "+"
        while True:
            term = self._product()
            value = value.minus(term) if sign == "-" else value.plus(term)
            if self._next not in ("+", "-"):
                return value
            sign = self._take()

    def _product(self) -> Value:
        value, sign = self._power(), ""
        while self._next not in ("+", "-", "=", ")", "]", "}", _END):
            if self._next in _SIGNS:
                sign = _SIGNS[self._take()]
                factor = self._power(signed=True)
                value = value.over(factor) if sign == "/" else value.times(factor)
            elif sign == "/" or self._next[0] in DIGITS:
                raise OutOfReachError
            else:
                value = value.times(self._power())
        return value

    def _power(self, signed: bool = False) -> Value:
        if signed and self._found("-"):
            return Value(Decimal(0)).minus(self._power())
        start = self._place
        base = self._atom()
        tokens = self._tokens[start : self._place]
        if not self._found("^"):
            return base
        power = self._atom()
        if self._next == "^" or (power.re % 1 and _may_turn(tokens)):
            raise OutOfReachError
        return base.to_the(power)

    def _atom(self) -> Value:
        if self._next in _CLOSED_BY:
            return self._bracketed()
        match self._take():
            case r"\frac":
                return self._bracketed().over(self._bracketed())
            case r"\sqrt":
                return self._root()
            case r"\pi":
                return Value(PI)
            case "e":
                return Value(E)
            case "i":
                return Value(Decimal(0), Decimal(1))
            case token if token[:1].isdigit() or token[:1] == ".":
                return real(Decimal(token))
            case token if token in _LETTERS or token.isalpha():
                return self._letter(token)
            case _:
                raise OutOfReachError

    def _root(self) -> Value:
        degree = "2"
        if self._found("["):
            degree = self._take()
            self._expect("]")
        if not degree.isdigit() or (len(self._next) > 1 and self._next[0] in DIGITS):
            raise OutOfReachError  # \sqrt12 may be one or the other
        start = self._place
        value = self._atom()
        if _may_turn(self._tokens[start : self._place]):
            raise OutOfReachError
        return value.root(int(degree))

    def _letter(self, name: str) -> Value:
        if self._found("_"):
            name += "_" + self._take()
            if name.endswith("{"):
                while self._next not in ("}", _END):
                    name += self._take()
                self._expect("}")
        spread = crc32(f"{name.replace('{', '')} {self._point}".encode())
        return Value(1 + Decimal(spread % 99_991) / 65_537)


def has_letter(tokens: list[str]) -> bool:
    """Whether a formula's value depends on a letter."""
    return any(t in _LETTERS or (t.isalpha() and t not in ("i", "e")) for t in tokens)


def _may_turn(tokens: list[str]) -> bool:
    """Whether a formula may be positive for some values of its letters and negative for others."""
    return "-" in tokens and has_letter(tokens)


def tokenised(text: str) -> list[str]:
    """The tokens of a formula, "" last. OutOfReachError where there is anything else."""
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise OutOfReachError
        tokens.append(match[1])
        position = match.end()
    return [*tokens, _END]
