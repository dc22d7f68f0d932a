"""Complex numbers of 100 digits, kept small enough that 40 digits distinguish any two."""

from decimal import Context, Decimal
from typing import NamedTuple

ARITHMETIC = Context(prec=100)
"""The context to compute and compare values in; see `decimal.localcontext`."""
AGREEMENT, LARGEST, MAX_POWER = Decimal("1e-40"), Decimal("1e30"), 60
PI = Decimal(
    "3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253"
    "421170679"
)


E = Decimal(
    "2.7182818284590452353602874713526624977572470936999595749669676277240766303535475945713821785"
    "251664274"
)


class OutOfReachError(Exception):
    """A value or a text that can't be decided here."""


class ComplexNumber(NamedTuple):
    """One complex number. Results that are too large, too small or ambiguous are out of reach."""

    re: Decimal
    im: Decimal = Decimal(0)

    def add(self, other: "ComplexNumber") -> "ComplexNumber":
        return ComplexNumber(self.re + other.re, self.im + other.im)

    def subtract(self, other: "ComplexNumber") -> "ComplexNumber":
        return ComplexNumber(self.re - other.re, self.im - other.im)

    def multiply(self, other: "ComplexNumber") -> "ComplexNumber":
        (a, b), (c, d) = self, other
        return (
            ComplexNumber(a * c - b * d, a * d + b * c).require_in_reach()
            if b or d
            else real_number(a * c)
        )

    def divide(self, other: "ComplexNumber") -> "ComplexNumber":
        size = other.re**2 + other.im**2
        if size < AGREEMENT:
            raise OutOfReachError
        return self.multiply(ComplexNumber(other.re / size, -other.im / size))

    def power(self, exponent: "ComplexNumber") -> "ComplexNumber":
        if exponent.size() > MAX_POWER or (exponent.im and self != ComplexNumber(E)):
            raise OutOfReachError
        if exponent.im:
            return _unit_circle_number(exponent.im).multiply(real_number(exponent.re.exp()))
        if exponent.re == int(exponent.re):
            result = ComplexNumber(Decimal(1))
            for _ in range(abs(int(exponent.re))):
                result = result.multiply(self)
            return real_number(Decimal(1)).divide(result) if exponent.re < 0 else result
        if self.im or self.re <= 0:
            raise OutOfReachError
        return real_number(self.re**exponent.re)

    def root(self, degree: int) -> "ComplexNumber":
        if (
            not 2 <= degree <= MAX_POWER
            or self.im
            or (self.re < 0 and degree % 2 == 0 != degree - 2)
        ):
            raise OutOfReachError
        size = abs(self.re).sqrt() if degree == 2 else abs(self.re) ** (1 / Decimal(degree))
        if self.re < 0:
            return ComplexNumber(Decimal(0), size) if degree == 2 else ComplexNumber(-size)
        return ComplexNumber(size)

    def size(self) -> Decimal:
        return max(abs(self.re), abs(self.im))

    def agrees(self, other: "ComplexNumber") -> bool:
        scale = max(Decimal(1), self.size(), other.size())
        return self.subtract(other).size() <= AGREEMENT * scale

    def require_in_reach(self) -> "ComplexNumber":
        if self.size() > LARGEST or 0 < self.size() < 1 / LARGEST:
            raise OutOfReachError
        return self


def _unit_circle_number(angle: Decimal) -> ComplexNumber:
    """cos(angle) + i sin(angle): the series of a 64th of the angle, squared six times."""
    term, sums = Decimal(1), [Decimal(0)] * 4
    for n in range(60):
        sums[n % 4] += term
        term *= angle / 64 / (n + 1)
    value = ComplexNumber(sums[0] - sums[2], sums[1] - sums[3])
    for _ in range(6):
        value = value.multiply(value)
    return value


def real_number(number: Decimal) -> ComplexNumber:
    """A real number, if within reach."""
    return ComplexNumber(number).require_in_reach()
