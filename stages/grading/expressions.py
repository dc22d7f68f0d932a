r"""Formulas compared as values: what school algebra writes, evaluated at fixed points.

Read: numbers, letters with or without an index, ``\pi``, + - * /, ``\frac``, ``\sqrt``, powers,
brackets, products without a sign, one equals sign. The letter i is the imaginary unit and e is
Euler's number; every other letter gets a positive number of its own. Anything else (a function, a
relation, a vertical bar) is left to algebra, as is all that two readers may read in two ways:
``1/2x``, ``x 2``, ``f(x)``.

Policy. Letters stand for positive numbers, so ``\sqrt{x^2}`` is x. Formulas are one if they agree
at every point to 40 digits: nothing but a contrived coincidence does so and differs, since roots
and broken powers of letters less something, which turn at some point, are left to algebra
(``\sqrt{(x-2)^2}``). Where formulas disagree they do differ. Without letters, a decimal of
six or more places equals what `numbers` would let it equal; with letters, algebra decides. Two
equations are one if one is a multiple of the other.
"""

import re
from decimal import Decimal, DecimalException, localcontext
from functools import lru_cache
from zlib import crc32

from stages.grading.notation import as_latex
from stages.grading.numbers import ROUNDED_PLACES
from stages.grading.values import ARITHMETIC, PI, E, OutOfReachError, Value, real

MAX_CHARS, MAX_DEPTH, POINTS = 300, 20, 3

_TOKEN = re.compile(r" *(\d+(?:\.\d*)?|\.\d+|\\[A-Za-z]+|[A-Za-z]|[-+*/^_=(){}\[\]])")
_ROUNDED = re.compile(rf"\.\d{{{ROUNDED_PLACES},}}")
_CALL = re.compile(r"(?<![A-Za-z\\])[fghFGHPT] ?\(")
_GREEK = "alpha beta gamma delta epsilon theta lambda mu omega phi sigma"
_LETTERS = frozenset([rf"\{name}" for name in _GREEK.split()] + [r"\infty"])  # unlike any number
_SIGNS = {"*": "*", r"\cdot": "*", r"\times": "*", "/": "/", r"\div": "/"}
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_END, DIGITS = "", ".0123456789"


def same_value(wanted: str, given: str) -> bool | None:
    """Whether two tidied formulas have one value; None if that is not for this module to say."""
    if max(len(wanted), len(given)) > MAX_CHARS or ("=" in wanted) != ("=" in given):
        return None
    if _CALL.search(wanted) or _CALL.search(given):
        return None
    try:
        with localcontext(ARITHMETIC):
            return _same(wanted, given)
    except (OutOfReachError, DecimalException):
        return None


def _same(wanted: str, given: str) -> bool | None:
    ours, theirs = _values(wanted), _values(given)
    if not ours or not theirs:
        return None
    has_letters = len(ours) + len(theirs) > 2
    is_rounded = _ROUNDED.search(wanted) or _ROUNDED.search(given)
    if is_rounded and has_letters:
        return None
    n_points = POINTS if has_letters else 1
    pairs = list(zip((ours * POINTS)[:n_points], (theirs * POINTS)[:n_points], strict=True))
    if "=" in wanted:
        return _are_multiples(pairs) or None
    if is_rounded:
        ((one, other),) = pairs
        return one.minus(other).size() <= min(Decimal("1e-6"), one.size() / 10**5)
    return all(one.agrees(other) for one, other in pairs)


@lru_cache(maxsize=1024)  # a reference meets many answers, an element of a list many elements
def _values(tidied: str) -> tuple[Value, ...]:
    """The values of a formula at all points, one without letters; none if it is out of reach."""
    try:
        tokens = _tokens(as_latex(tidied))
        return tuple(
            _Reading(tokens, point).value() for point in range(POINTS if _has_letter(tokens) else 1)
        )
    except (OutOfReachError, DecimalException):
        return ()


def _are_multiples(pairs: list[tuple[Value, Value]]) -> bool:
    """Whether the sides of two equations, left less right, stand in one ratio at all points."""
    (first, second), *rest = pairs
    zero = Value(Decimal(0))
    if not rest or first.agrees(zero) or second.agrees(zero):
        return False
    return all(one.times(second).agrees(other.times(first)) for one, other in rest)


def _has_letter(tokens: list[str]) -> bool:
    return any(t in _LETTERS or (t.isalpha() and t not in ("i", "e")) for t in tokens)


def _may_turn(tokens: list[str]) -> bool:
    """Whether a formula may be positive for some values of its letters and negative for others."""
    return "-" in tokens and _has_letter(tokens)


def _tokens(text: str) -> list[str]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise OutOfReachError
        tokens.append(match[1])
        position = match.end()
    return [*tokens, _END]


class _Reading:
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
