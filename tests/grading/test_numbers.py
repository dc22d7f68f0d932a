"""Which texts are plainly a number."""

from fractions import Fraction

import pytest

from stages.grading.mathematics.numbers import number

NUMBERS = [
    ("016", 16), ("3.0", 3), ("3.", 3), (".5", "1/2"), ("-.5", "-1/2"), ("+5", 5), ("1/2", "1/2"),
    ("1,000", 1000), ("1,234,567.5", "2469135/2"), (r"10{,}000", 10000), (r"10\,000", 10000),
    (r"40,\!320", 40320), ("10 000", 10000), (r"\frac{1}{2}", "1/2"), (r"\frac ab", None),
    (r"\frac12", "1/2"), (r"\frac 35", "3/5"), (r"\dfrac{1}{2}", "1/2"), (r"\frac1{2}", "1/2"),
    (r"-\frac{5}{3}.", "-5/3"), (r"\frac{-5}{3}", "-5/3"), (r"3\frac12", "7/2"), ("3 1/2", "7/2"),
    ("50%", 50), (r"50\%", 50), ("50 percent", 50), (r"\$42409", 42409), ("$5", 5), ("-$5", -5),
    ("18 dollars", 18), (r"5\text{ cm}", 5), (r"5\text{ m}^2", 5), (r"90^\circ", 90), ("5 km/h", 5),
    ("5 million", 5_000_000), ("60 miles per hour", 60), ("1.5e3", 1500),
    (r"1.5 \times 10^{3}", 1500), ("**18**", 18), ("$18$", 18), (r"\(18\)", 18),
    ("{18}", 18), ("\N{MINUS SIGN}3", -3),
    # not plainly numeric
    ("1,00", None), ("1, 000", None), ("12,34", None), ("1 1", None), ("5x", None), ("5 m", None),
    ("1/0", None), (r"\frac{1}{0}", None), ("3 1/1", None), ("1/2/3", None),
    (r"2\pi", None), ("1e9999", None), (r"10^{5}", None), ("9^{9^9}", None), ("9" * 2000, None),
    ("", None), ("eighteen", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_number(text: str, value: int | str | None) -> None:
    assert number(text) == (None if value is None else Fraction(value))
