r"""Complex numbers that are exact as long as they can be, and know how close two of them may come.

Sums, products, quotients, whole powers and roots that come out even are Fractions. Everything else
is a Decimal, in as many digits as the context has (see `decimal.localcontext`). Such a number keeps
a bound: it is N / L, where every conjugate of N is below 10^up and every one of L below 10^low, and
it lies in a field whose degree is at most the product of the degrees of its roots. Two numbers that
differ then differ by at least 10^-d for a d that follows from their bounds (Burnikel, Fleischer,
Mehlhorn and Schirra, "A strong and easily computable separation bound for arithmetic expressions
involving radicals", 2000), so d digits decide whether they are equal, whatever their size. For pi,
e and powers that are no roots there is no such bound, and a generous one is assumed.
"""

import math
from decimal import Decimal, getcontext
from fractions import Fraction
from typing import Any, NamedTuple

from stages.grading.mathematics import decimal_functions

Real = Any
"""int or Fraction (exact), or Decimal"""

MAX_BITS, MAX_DEGREE, MAX_EXPONENT = 100_000, 60, 10**24
"""The longest exact number, the largest degree of a root, the largest whole exponent."""
LEAST_DIGITS, SPARE_DIGITS, MOST_DIGITS, SLOW_DIGITS = 40, 30, 6_400, 400
"""Digits: decided on at least; lost to rounding at most; kept at most; kept at most for powers
that are no roots, which take long."""
_LOG_2, _GUESS = 0.302, ("a guess", 2)


class OutOfReachError(Exception):
    """A value or a text that can't be decided here."""


class TooFewDigitsError(OutOfReachError):
    """The context has too few digits to decide; `digits` are enough."""

    def __init__(self, digits: int) -> None:
        self.digits = digits


class ComplexNumber(NamedTuple):
    """One complex number, exact unless `re` is a Decimal; `im` is of the same kind.

    up, low: the bounds above, for a Decimal.
    roots: (radicand, degree) of every root in it.
    error: rounding has changed `re` and `im` by less than 10^error units of the last digit that
        the context keeps of 1.
    is_sum: whether Decimals were added up, so that digits beyond the last may differ.
    """

    re: Real
    im: Real = 0
    up: float = 0.0
    low: float = 0.0
    roots: frozenset[tuple[object, int]] = frozenset()
    error: float = 0.0
    is_sum: bool = False

    @property
    def is_exact(self) -> bool:
        return not isinstance(self.re, Decimal)

    def add(self, other: "ComplexNumber") -> "ComplexNumber":
        if self.is_exact and other.is_exact:
            return ComplexNumber(self.re + other.re, self.im + other.im)._in_reach()
        a, b = self.to_decimals(), other.to_decimals()
        up, low = max(a.up + b.low, b.up + a.low) + _LOG_2, a.low + b.low
        error = max(a.error, b.error) + _LOG_2
        return ComplexNumber(a.re + b.re, a.im + b.im, up, low, a.roots | b.roots, error, True)

    def negative(self) -> "ComplexNumber":
        return self._replace(re=-self.re, im=-self.im)

    def subtract(self, other: "ComplexNumber") -> "ComplexNumber":
        return self.add(other.negative())

    def multiply(self, other: "ComplexNumber") -> "ComplexNumber":
        if self.is_exact and other.is_exact:
            return ComplexNumber(*_product(self.re, self.im, other.re, other.im))._in_reach()
        a, b = self.to_decimals(), other.to_decimals()
        return ComplexNumber(
            *_product(a.re, a.im, b.re, b.im),
            a.up + b.up,
            a.low + b.low,
            a.roots | b.roots,
            max(a.error + b.places(), b.error + a.places()) + _LOG_2,
            a.is_sum or b.is_sum,
        )

    def divide(self, other: "ComplexNumber") -> "ComplexNumber":
        if other.is_zero():
            raise OutOfReachError
        re, im = (Fraction(other.re), Fraction(other.im)) if other.is_exact else other[:2]
        size, error = re * re + im * im, other.error - 2 * other.places() + 3
        inverse = other._replace(
            re=re / size, im=-im / size, up=other.low, low=other.up, error=error
        )
        return self.multiply(inverse)

    def power(self, exponent: "ComplexNumber") -> "ComplexNumber":
        if self.is_e():
            return self._power_of_e(exponent)
        if exponent.im:
            raise OutOfReachError
        if not exponent.is_exact or exponent.re % 1:
            return self._broken_power(exponent)
        n = int(exponent.re)
        if n < 0:
            return ComplexNumber(1).divide(self.power(ComplexNumber(-n)))
        if n > MAX_EXPONENT:
            raise OutOfReachError
        base = self if self.is_exact and n * self.n_bits() <= MAX_BITS else self.to_decimals()
        re, im = (base.re**n, base.im) if not base.im else _repeated_product(base, n)
        return base._replace(re=re, im=im, up=n * base.up, low=n * base.low)._with_error_of(base, n)

    def root(self, degree: int) -> "ComplexNumber":
        if not 2 <= degree <= MAX_DEGREE or self.im:
            raise OutOfReachError
        if self.is_zero():
            return ZERO
        if self.re < 0:
            if degree % 2 == 0 and degree > 2:
                raise OutOfReachError
            size = self.negative().root(degree)
            return size.multiply(ComplexNumber(0, 1)) if degree == 2 else size.negative()
        if self.is_exact:
            root = decimal_functions.even_root(Fraction(self.re), degree)
            if root is not None:
                return ComplexNumber(root)
        a = self.to_decimals()
        return a._replace(
            re=decimal_functions.decimal_root(a.re, degree),
            up=(a.up + (degree - 1) * a.low) / degree,
            roots=a.roots | {(self.re, degree)},
        )._with_error_of(a, 1)

    def equals(self, other: "ComplexNumber") -> bool:
        """Whether both are one number. Raises `TooFewDigitsError` if the context has too few."""
        if self.is_exact and other.is_exact:
            return bool(self.re == other.re and self.im == other.im)
        gap, n_digits = self.subtract(other), getcontext().prec
        if gap.places() > gap.error + 2 - n_digits:
            return False  # rounding explains no gap so wide
        degree = math.prod(degree for _, degree in gap.roots)
        digits = math.ceil(max(LEAST_DIGITS, (degree - 1) * gap.up + gap.low))
        needed = digits + math.ceil(gap.up + gap.low) + SPARE_DIGITS
        is_sum = self.is_sum or other.is_sum
        if needed > n_digits and (is_sum or needed <= MOST_DIGITS):
            raise TooFewDigitsError(needed)
        return True

    def is_zero(self) -> bool:
        if self.is_sum:
            return self.equals(ZERO)
        return not self.re and not self.im

    def size(self) -> Decimal:
        value = self.to_decimals()
        size: Decimal = max(abs(value.re), abs(value.im))
        return size

    def places(self) -> int:
        """The digits before the point of the larger part, or less the zeros after it."""
        size = self.size()
        return size.adjusted() + 1 if size else -MAX_EXPONENT

    def to_decimals(self) -> "ComplexNumber":
        """The same as Decimals, with bounds."""
        if not self.is_exact:
            return self
        parts = [(real.numerator, real.denominator) for real in (self.re, self.im)]
        re, im = (Decimal(over) / under for over, under in parts)
        (up, low), (up_im, low_im) = ((_log(over), _log(under)) for over, under in parts)
        if im:
            up, low = max(up + low_im, up_im + low) + _LOG_2, low + low_im
        value = ComplexNumber(re, im, up, low)
        return value._replace(error=float(value.places()))

    def n_bits(self) -> int:
        """The length of an exact number."""
        parts = (self.re, self.im)
        return sum(p.numerator.bit_length() + p.denominator.bit_length() for p in parts)

    def _in_reach(self) -> "ComplexNumber":
        """Itself, but as Decimals if it is too long to be exact."""
        return self if self.n_bits() <= MAX_BITS else self.to_decimals()

    def is_e(self) -> bool:
        return not self.im and not self.is_exact and bool(self.re == decimal_functions.euler())

    def _with_error_of(self, base: "ComplexNumber", n: int) -> "ComplexNumber":
        """Itself, a power (at most n) of a base: the same digits are right, but for those of n."""
        if self.is_exact:
            return self
        return self._replace(error=self.places() + base.error - base.places() + _log(n) + 1)

    def _broken_power(self, exponent: "ComplexNumber") -> "ComplexNumber":
        if self.im or self.re <= 0:
            raise OutOfReachError
        if exponent.is_exact and Fraction(exponent.re).denominator <= MAX_DEGREE:
            over, degree = Fraction(exponent.re).as_integer_ratio()
            return self.root(degree).power(ComplexNumber(over))
        if getcontext().prec > SLOW_DIGITS:
            raise OutOfReachError
        a, b = self.to_decimals(), exponent.to_decimals()
        return transcendental(a.re**b.re, Decimal(0), a, b)

    def _power_of_e(self, exponent: "ComplexNumber") -> "ComplexNumber":
        if getcontext().prec > SLOW_DIGITS or exponent.size() > MAX_EXPONENT:
            raise OutOfReachError
        b = exponent.to_decimals()
        size = b.re.exp()
        if not b.im:
            return transcendental(size, Decimal(0), b)
        cosine, sine = decimal_functions.unit_circle_point(b.im)
        return transcendental(size * cosine, size * sine, b)


ZERO = ComplexNumber(0)


def transcendental(re: Decimal, im: Decimal, *inputs: ComplexNumber) -> ComplexNumber:
    """A number without a proven bound, made of others: their digits and its own are assumed."""
    size = max(abs(re), abs(im))
    places = size.adjusted() if size else 0
    digits = sum(max(value.up, 0.0) + value.low for value in inputs)
    roots = frozenset[tuple[object, int]]({_GUESS}).union(*(value.roots for value in inputs))
    is_sum = any(value.is_sum for value in inputs)
    up, low = max(0, places) + 1 + digits, max(0, -places) + digits
    error = places + 2 + max((value.error for value in inputs), default=0.0)
    return ComplexNumber(re, im, up, low, roots, error, is_sum)


def _product(a: Real, b: Real, c: Real, d: Real) -> tuple[Real, Real]:
    """(a + bi)(c + di)"""
    return (a * c, b) if not b and not d else (a * c - b * d, a * d + b * c)


def _repeated_product(base: ComplexNumber, n: int) -> tuple[Real, Real]:
    """base^n by squaring."""
    re, im = (1, 0) if base.is_exact else (Decimal(1), Decimal(0))
    factor = base[:2]
    while n:
        if n % 2:
            re, im = _product(re, im, *factor)
        factor, n = _product(*factor, *factor), n // 2
    return re, im


def _log(n: int) -> float:
    """The decimal logarithm of |n|, 0 for 0."""
    return math.log10(abs(n)) if n else 0.0
