"""Constants and functions of Decimals, in the digits of the context and with any exponent."""

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Overflow, Underflow, getcontext
from fractions import Fraction
from functools import lru_cache


def arithmetic(digits: int) -> Context:
    """The context for numbers of so many digits, however large or small they are."""
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)
    context.traps[Underflow] = context.traps[Overflow] = True
    return context


def euler() -> Decimal:
    """Euler's number."""
    return _euler(getcontext().prec)


def pi() -> Decimal:
    """The ratio of a circle's circumference to its diameter."""
    return _pi(getcontext().prec)


def even_root(value: Fraction, degree: int) -> Fraction | None:
    """The root of a number above 0 if it is a fraction."""
    over, under = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    whole = over**degree == value.numerator and under**degree == value.denominator
    return Fraction(over, under) if whole else None


def decimal_root(value: Decimal, degree: int) -> Decimal:
    """The root of a number above 0, by Newton's method, whose digits double with each step."""
    if degree == 2 or not value:
        return value.sqrt()
    few, shift = arithmetic(30), value.adjusted() // degree
    start = few.plus(value).scaleb(-shift * degree)
    root = few.power(start, few.divide(1, degree)).scaleb(shift)
    for _ in range(getcontext().prec.bit_length() - 3):
        root = ((degree - 1) * root + value / root ** (degree - 1)) / degree
    return root


def unit_circle_point(angle: Decimal) -> tuple[Decimal, Decimal]:
    """The cosine and the sine of an angle: the series for a 64th of it, doubled six times."""
    circle = 2 * pi()
    angle = angle.remainder_near(circle) if abs(angle) > circle else angle
    term, sums, n = Decimal(1), [Decimal(0)] * 4, 0
    while term and term.adjusted() > -getcontext().prec - 5:
        sums[n % 4] += term
        n += 1
        term *= angle / 64 / n
    cosine, sine = sums[0] - sums[2], sums[1] - sums[3]
    for _ in range(6):
        cosine, sine = cosine * cosine - sine * sine, 2 * cosine * sine
    return cosine, sine


@lru_cache(maxsize=16)
def _euler(digits: int) -> Decimal:
    """The sum of 1 / n!, in units of the tenth digit beyond the last."""
    unit = term = total = 10 ** (digits + 10)
    n = 0
    while term:
        n += 1
        term //= n
        total += term
    return arithmetic(digits).divide(total, unit)


@lru_cache(maxsize=16)
def _pi(digits: int) -> Decimal:
    """Machin's formula, in units of the tenth digit beyond the last."""
    unit = 10 ** (digits + 10)
    total = 4 * (4 * _inverse_arctangent(5, unit) - _inverse_arctangent(239, unit))
    return arithmetic(digits).divide(total, unit)


def _inverse_arctangent(n: int, unit: int) -> int:
    """arctan(1 / n), as a number of units."""
    term, total, k = unit // n, 0, 0
    while term:
        total += (-1) ** k * (term // (2 * k + 1))
        term //= n * n
        k += 1
    return total


def _whole_root(n: int, degree: int) -> int:
    """The largest whole number whose power is at most n, by Newton's method."""
    if degree == 2 or n < 2:
        return math.isqrt(n)
    root = 1 << -(-n.bit_length() // degree)
    while True:
        nearer = ((degree - 1) * root + n // root ** (degree - 1)) // degree
        if nearer >= root:
            return root
        root = nearer
