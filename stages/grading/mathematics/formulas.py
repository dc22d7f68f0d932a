r"""Formulas compared as values at fixed points (see `formula_reader`).

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

from stages.grading.mathematics.complex_numbers import ARITHMETIC, ComplexNumber, OutOfReachError
from stages.grading.mathematics.formula_reader import FormulaReader, has_letter, tokenise
from stages.grading.mathematics.notation import to_latex
from stages.grading.mathematics.numbers import ROUNDED_PLACES

MAX_CHARS, POINTS = 300, 3

_ROUNDED = re.compile(rf"\.\d{{{ROUNDED_PLACES},}}")
_CALL = re.compile(r"(?<![A-Za-z\\])[fghFGHPT] ?\(")


def have_same_value(reference: str, answer: str) -> bool | None:
    """Whether two tidied formulas have one value; None if this module can't decide."""
    if max(len(reference), len(answer)) > MAX_CHARS or ("=" in reference) != ("=" in answer):
        return None
    if _CALL.search(reference) or _CALL.search(answer):
        return None
    try:
        with localcontext(ARITHMETIC):
            return _agree_at_points(reference, answer)
    except (OutOfReachError, DecimalException):
        return None


def _agree_at_points(reference: str, answer: str) -> bool | None:
    ours, theirs = _values(reference), _values(answer)
    if not ours or not theirs:
        return None
    has_letters = len(ours) + len(theirs) > 2
    is_rounded = _ROUNDED.search(reference) or _ROUNDED.search(answer)
    if is_rounded and has_letters:
        return None
    n_points = POINTS if has_letters else 1
    pairs = list(zip((ours * POINTS)[:n_points], (theirs * POINTS)[:n_points], strict=True))
    if "=" in reference:
        return _are_multiples(pairs) or None
    if is_rounded:
        ((one, other),) = pairs
        return one.subtract(other).size() <= min(Decimal("1e-6"), one.size() / 10**5)
    return all(one.agrees(other) for one, other in pairs)


@lru_cache(maxsize=1024)  # a reference meets many answers, an element of a list many elements
def _values(tidied: str) -> tuple[ComplexNumber, ...]:
    """The values of a formula at all points, one without letters; none if it is out of reach."""
    try:
        tokens = tokenise(to_latex(tidied))
        return tuple(
            FormulaReader(tokens, point).value()
            for point in range(POINTS if has_letter(tokens) else 1)
        )
    except (OutOfReachError, DecimalException):
        return ()


def _are_multiples(pairs: list[tuple[ComplexNumber, ComplexNumber]]) -> bool:
    """Whether two equations, left minus right, have the same ratio at all points."""
    (first, second), *rest = pairs
    zero = ComplexNumber(Decimal(0))
    if not rest or first.agrees(zero) or second.agrees(zero):
        return False
    return all(one.multiply(second).agrees(other.multiply(first)) for one, other in rest)
