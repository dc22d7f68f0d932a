r"""Formulas compared as values at fixed points (see `formula_reader`).

Policy. Letters stand for positive numbers, so ``\sqrt{x^2}`` is x. Formulas are one if they agree
at every point, however small what they might differ by (see `complex_numbers`); roots and broken
powers of letters less something, which turn at some point, are left to algebra
(``\sqrt{(x-2)^2}``). Where formulas disagree they do differ. Without letters, a decimal of
six or more places equals what `numbers` would let it equal; with letters, algebra decides. Two
equations are one if one is a multiple of the other.
"""

import re
from collections.abc import Callable
from decimal import Decimal, DecimalException, localcontext
from fractions import Fraction
from functools import lru_cache

from stages.grading.mathematics.complex_numbers import (
    MOST_DIGITS,
    ComplexNumber,
    OutOfReachError,
    TooFewDigitsError,
)
from stages.grading.mathematics.decimal_functions import arithmetic
from stages.grading.mathematics.formula_reader import FormulaReader, has_letter, tokenise
from stages.grading.mathematics.notation import to_latex
from stages.grading.mathematics.numbers import ROUNDED_PLACES, is_rounding, read_number

MAX_CHARS, POINTS = 300, 3
DIGITS = (100, 400, 1_600, MOST_DIGITS)
"""Digits that formulas are evaluated in, one after the other as far as a decision needs them."""

_ROUNDED = re.compile(rf"\.(\d{{{ROUNDED_PLACES},}})")
_CALL = re.compile(r"(?<![A-Za-z\\])[fghFGHPT] ?\(")

Values = tuple[ComplexNumber, ...]


def have_same_value(reference: str, answer: str) -> bool | None:
    """Whether two tidied formulas have one value; None if this module can't decide."""
    if max(len(reference), len(answer)) > MAX_CHARS or ("=" in reference) != ("=" in answer):
        return None
    if _CALL.search(reference) or _CALL.search(answer):
        return None
    return _decide(_agree_at_points, reference, answer)


def real_value(tidied: str) -> Decimal | None:
    """A formula without letters to 100 digits; None if it has letters or isn't real."""
    if len(tidied) > MAX_CHARS or "=" in tidied or _CALL.search(tidied):
        return None
    with localcontext(arithmetic(DIGITS[0])):
        try:
            values = _values(tidied, DIGITS[0])
        except TooFewDigitsError:
            return None
        is_real = len(values) == 1 and not values[0].im
        return values[0].to_decimals().re if is_real else None


def _decide(rule: Callable[..., bool | None], *formulas: str) -> bool | None:
    """What a rule says of formulas in as many digits as it asks for; None beyond the most."""
    n_digits = DIGITS[0]
    while n_digits <= MOST_DIGITS:
        try:
            with localcontext(arithmetic(n_digits)):
                return rule(*formulas, n_digits)
        except TooFewDigitsError as error:
            n_digits = next((n for n in DIGITS if n >= error.digits), MOST_DIGITS + 1)
        except (OutOfReachError, DecimalException):
            return None
    return None


def _agree_at_points(reference: str, answer: str, n_digits: int) -> bool | None:
    ours, theirs = _values(reference, n_digits), _values(answer, n_digits)
    if not ours or not theirs:
        return None
    has_letters = len(ours) + len(theirs) > 2
    n_places = [len(digits) for text in (reference, answer) for digits in _ROUNDED.findall(text)]
    if n_places and has_letters:
        return None
    n_points = POINTS if has_letters else 1
    pairs = list(zip((ours * POINTS)[:n_points], (theirs * POINTS)[:n_points], strict=True))
    if "=" in reference:
        return _are_multiples(pairs) or None
    if n_places:
        ((one, other),) = pairs
        size = max(one.size(), other.size())
        return is_rounding(Fraction(one.subtract(other).size()), Fraction(size), n_places)
    return all(one.equals(other) for one, other in pairs)


@lru_cache(maxsize=1024)  # a reference meets many answers, an element of a list many elements
def _values(tidied: str, n_digits: int) -> Values:
    """The values of a formula at all points, one without letters; none if it is out of reach.

    n_digits: the digits of the context. Raises `TooFewDigitsError`.
    """
    if read := read_number(tidied):
        return (ComplexNumber(read.value),)  # e is no letter in 1.5e-31
    try:
        tokens = tokenise(to_latex(tidied))
        return tuple(
            FormulaReader(tokens, point).value()
            for point in range(POINTS if has_letter(tokens) else 1)
        )
    except TooFewDigitsError:
        raise
    except (OutOfReachError, DecimalException):
        return ()


def _are_multiples(pairs: list[tuple[ComplexNumber, ComplexNumber]]) -> bool:
    """Whether two equations, left minus right, have the same ratio at all points."""
    (first, second), *rest = pairs
    if not rest or first.is_zero() or second.is_zero():
        return False
    return all(one.multiply(second).equals(other.multiply(first)) for one, other in rest)
