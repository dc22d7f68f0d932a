"""Complex numbers of 100 digits, kept small enough that 40 of them tell any two apart."""

from decimal import Context, Decimal
from typing import NamedTuple

ARITHMETIC = Context(prec=100)
"""What values are made and compared in; see `decimal.localcontext`."""
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
    """A value, or a text, that nothing can be said about here."""


class Value(NamedTuple):
    """One complex number. What would be too large, too small or of two values is out of reach."""

    re: Decimal
    im: Decimal = Decimal(0)

    def plus(self, other: "Value") -> "Value":
        return Value(self.re + other.re, self.im + other.im)

    def minus(self, other: "Value") -> "Value":
        return Value(self.re - other.re, self.im - other.im)

    def times(self, other: "Value") -> "Value":
        (a, b), (c, d) = self, other
        return Value(a * c - b * d, a * d + b * c).checked() if b or d else real(a * c)

    def over(self, other: "Value") -> "Value":
        size = other.re**2 + other.im**2
        if size < AGREEMENT:
            raise OutOfReachError
        return self.times(Value(other.re / size, -other.im / size))

    def to_the(self, power: "Value") -> "Value":
        if power.size() > MAX_POWER or (power.im and self != Value(E)):
            raise OutOfReachError
        if power.im:
            return _turn(power.im).times(real(power.re.exp()))
        if power.re == int(power.re):
            result = Value(Decimal(1))
            for _ in range(abs(int(power.re))):
                result = result.times(self)
            return real(Decimal(1)).over(result) if power.re < 0 else result
        if self.im or self.re <= 0:
            raise OutOfReachError
        return real(self.re**power.re)

    def root(self, degree: int) -> "Value":
        if (
            not 2 <= degree <= MAX_POWER
            or self.im
            or (self.re < 0 and degree % 2 == 0 != degree - 2)
        ):
            raise OutOfReachError
        size = abs(self.re).sqrt() if degree == 2 else abs(self.re) ** (1 / Decimal(degree))
        if self.re < 0:
            return Value(Decimal(0), size) if degree == 2 else Value(-size)
        return Value(size)

    def size(self) -> Decimal:
        return max(abs(self.re), abs(self.im))

    def agrees(self, other: "Value") -> bool:
        scale = max(Decimal(1), self.size(), other.size())
        return self.minus(other).size() <= AGREEMENT * scale

    def checked(self) -> "Value":
        if self.size() > LARGEST or 0 < self.size() < 1 / LARGEST:
            raise OutOfReachError
        return self


def _turn(angle: Decimal) -> Value:
    """cos(angle) + i sin(angle): the series of a 64th of the angle, squared six times."""
    term, sides = Decimal(1), [Decimal(0)] * 4
    for n in range(60):
        sides[n % 4] += term
        term *= angle / 64 / (n + 1)
    value = Value(sides[0] - sides[2], sides[1] - sides[3])
    for _ in range(6):
        value = value.times(value)
    return value


def real(number: Decimal) -> Value:
    """A real number, if within reach."""
    return Value(number).checked()
