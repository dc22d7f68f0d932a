"""Whether two sympy expressions have one value, however small the difference.

Math-Verify takes two values for one if they are within 1e-15, or, where one is a decimal, if they
round to the same six places; so it takes 1/20! for 1/21!. `exact_math_verify` is Math-Verify with
this module's decision in the place of its own, wherever it compares two values: alone, in tuples,
sets, intervals, matrices and relations.

Policy. Decimals are taken at their word, but one of six places or more for anything that it rounds,
as in `numbers`. Numbers are one if as many digits agree as the numbers in them have, three times
over; expressions with letters, if their difference simplifies to 0.
"""

import math
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from stages.grading.mathematics.numbers import ROUNDED_PLACES, is_rounding

MOST_DIGITS, SURE_DIGITS = 20_000, 30
_LONG = 10**6


@cache
def exact_math_verify() -> Any:
    """Math-Verify, which from now on decides as described."""
    import math_verify
    from math_verify import grader

    for name, decision in (
        ("sympy_numeric_eq", lambda one, other, *_: have_same_number(one, other)),
        ("sympy_symbolic_eq", are_identical),
    ):
        if not hasattr(grader, name):
            raise ImportError(f"this math-verify has no {name}: install the pinned version")
        setattr(grader, name, decision)
    return math_verify


def have_same_number(one: Any, other: Any) -> bool:
    """Whether two expressions without letters, or matrices of them, are one number or matrix."""
    from sympy import Float, MatrixBase

    one, other = (value.doit() for value in (one, other))
    if isinstance(one, MatrixBase) and isinstance(other, MatrixBase):
        return one.shape == other.shape and all(map(have_same_number, one.flat(), other.flat()))
    if isinstance(one, MatrixBase) or isinstance(other, MatrixBase):
        return False
    if not (one.is_number and other.is_number and one.is_finite and other.is_finite):
        return bool(one == other)
    decimals = one.atoms(Float) | other.atoms(Float)
    one, other = _without_floats(one), _without_floats(other)
    n_places = [_n_places(decimal) for decimal in decimals]
    if max(n_places, default=0) >= ROUNDED_PLACES:
        gap, size = (Fraction(str(abs(v).evalf(SURE_DIGITS))) for v in (one - other, one))
        return is_rounding(gap, size, n_places)
    return is_zero_number(one - other)


def are_identical(one: Any, other: Any) -> bool:
    """Whether the difference of two expressions with letters, or matrices of them, is 0.

    Where it simplifies to 0 it must also be 0 at a point, and numbers are left to
    `have_same_number`: sympy simplifies log(1 + 1e-50) - log(1 + 1e-51) to 0.
    """
    from sympy import MatrixBase, simplify

    try:
        gap = simplify(_without_floats(one) - _without_floats(other))
    except (TypeError, ValueError, NotImplementedError, AttributeError):
        return False  # a difference between things of different kinds
    if isinstance(gap, MatrixBase):
        both = zip(one.flat(), other.flat(), strict=True)
        return bool(gap.is_zero_matrix) and all(_agree_at_point(*pair) for pair in both)
    return bool(gap.is_zero) and _agree_at_point(one, other)


def is_zero_number(number: Any) -> bool:
    """Whether an expression without letters and decimals is 0.

    It is evaluated in all digits at once: asked for few, sympy says that log(1 + 1e-50) is 0.
    """
    from sympy import Rational, simplify

    if number.is_Rational:
        return bool(number == 0)
    digits = min(MOST_DIGITS, 100 + math.ceil(3 * _n_digits(number)))
    size = abs(number.evalf(digits, maxn=2 * digits))
    if not size.is_Number:
        return bool(simplify(number) == 0)
    return bool(size < Rational(1, 10 ** (digits * 5 // 6)))


def _agree_at_point(one: Any, other: Any) -> bool:
    """Whether two expressions have one value where their letters are numbers between 1 and 2."""
    from sympy import Rational

    gap = _without_floats(one) - _without_floats(other)
    letters = sorted(gap.free_symbols, key=str)
    point = {letter: 1 + Rational(101 + 7 * i, 997 + i) for i, letter in enumerate(letters)}
    value = gap.subs(point).doit()
    return not (value.is_number and value.is_finite) or is_zero_number(value)


def _n_digits(expression: Any) -> float:
    """How many digits the numbers in an expression have, with powers and factorials written out."""
    from sympy import factorial

    if expression.is_Rational:
        return math.log10(abs(expression.p) + 1) + math.log10(expression.q)
    inside = sum(map(_n_digits, expression.args))
    if expression.is_Pow and expression.exp.is_Rational:
        return inside + _n_digits(expression.base) * float(abs(expression.exp))
    if isinstance(expression, factorial) and expression.args[0].is_Integer:
        return inside + math.lgamma(min(_LONG, int(expression.args[0])) + 1) / math.log(10)
    return float(inside)


def _without_floats(expression: Any) -> Any:
    from sympy import Float, Rational

    if not expression.has(Float):
        return expression
    return expression.replace(lambda atom: atom.is_Float, lambda atom: Rational(str(atom)))


def _n_places(number: Any) -> int:
    """The decimal places of a Float, without the zeros at its end."""
    exponent = Decimal(str(number)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
