"""What programs print, as Python and sympy print it."""

import pytest

from stages.grading.grade import grade_all
from stages.grading.mathematics.printed import read_printed
from stages.grading.reference import Reference

RIGHT = [
    ("3+4i", "(3+4j)"), ("3+4i", "3 + 4*I"), ("i", "(6.123233995736766e-17+1j)"), ("-i", "(-0-1j)"),
    ("(x+1)^2", "(x + 1)**2"), (r"\frac{x^2}{2}", "x**2/2"), (r"2\sqrt[3]{2}", "2*2**(1/3)"),
    ("y=x^2", "y = x**2"), ("y=x^2", "Eq(y, x**2)"), (r"\frac{1}{x^2}", "x**(-2)"),
    ("|x|", "Abs(x)"), ("e^{-x}", "exp(-x)"), (r"\ln 2", "log(2)"), (r"\sin^2 x", "sin(x)**2"),
    (r"\frac{\pi}{4}", "pi/4"), ("120", "factorial(5)"), (r"x_1 + \theta", "theta + x1"),
    ("[0,1]", "Interval(0, 1)"), ("(0,1)", "Interval.open(0, 1)"),
    ("[0,1)", "Interval.Ropen(0, 1)"),
    (r"(-\infty,2]", "Interval(-oo, 2)"),
    (r"\emptyset", "EmptySet"), (r"\{1,2\}", "FiniteSet(1, 2)"),
    (r"(-\infty,-1)\cup(1,\infty)", "Union(Interval.open(-oo, -1), Interval.open(1, oo))"),
    (r"(-\infty,-1)\cup(1,\infty)", "(x < -1) | (x > 1)"), ("-1<x<1", "(-1 < x) & (x < 1)"),
    (r"[2,\infty)", "(2 <= x) & (x < oo)"), (r"x\ge 2", "2 <= x"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", "Matrix([[1], [2]])"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1, 2], [3, 4]]"),
    ("[-2,2]", "[-2, 2]"), ("-2,2", "[2, -2]"), (r"\{-2,2\}", "{2, -2}"), ("-2,2", "(2, -2)"),
    ("(-2,2)", "(-2, 2)"), ("(-2,2)", "[-2, 2]"), ("5", "[5]"), ("5", "{5}"),
    ("x=3,y=4", "{x: 3, y: 4}"), ("(3,4)", "{x: 3, y: 4}"), ("1,2", "[{x: 1}, {x: 2}]"),
    ("(1,2),(3,4)", "[(1, 2), (3, 4)]"),
    ("0.00001", "1e-05"), ("10^{-400}", "1e-400"), (r"\frac34", "Fraction(3, 4)"), ("12", "12.0"),
    (r"\frac{\sqrt{2}}{2}", "0.7071067811865476"), ("3.5", "np.float64(3.5)"), ("True", "True"),
    ("1234", "1,234"), ("42", "42 apples"), (r"\frac12", r"\frac{1}{2}"), ("42", "'42'"),
    (r"1-\frac{1}{2^{100}}", "1 - 2**-100"), ("x^2-5x+6", "x**2 - 5*x + 6"), ("-x^2", "-x**2"),
]  # fmt: skip
WRONG = [
    ("0", "1e-400"), ("10^{-400}", "1e-401"), (r"1-\frac{1}{2^{99}}", "1 - 2**-100"),
    ("x+2^{-100}", "x + 2**-99"), ("[0,1]", "(0, 1)"), ("[0,1]", "Interval.open(0, 1)"),
    ("(-2,2)", "(2, -2)"), ("[1,2]", "[2, 1]"), ("3+4i", "(3-4j)"), ("-x^2", "(-x)**2"),
    ("6", "5"), ("5", "[5, 6]"), ("True", "False"),
]  # fmt: skip


def test_printed_answers() -> None:
    cases = [(*pair, "correct") for pair in RIGHT] + [(*pair, "wrong") for pair in WRONG]
    verdicts = grade_all([("printed", reference, printed) for reference, printed, _ in cases])
    graded = [(*case[:2], v.outcome) for case, v in zip(cases, verdicts, strict=True)]
    assert graded == cases
    assert all(v.extracted == printed for v, (_, printed, _) in zip(verdicts, cases, strict=True))


OPTIONS = ("x", "x^2", "3")


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        ("B", "correct"),
        ("x**2", "correct"),
        ("x**3", "wrong"),
        ("C", "wrong"),
        ("[x**2]", "correct"),
    ],
)
def test_printed_choices(printed: str, outcome: str) -> None:
    [verdict] = grade_all([("printed", Reference("B", OPTIONS), printed)])
    assert verdict.outcome == outcome


UNREAD = ["1,234", "50%", "007", "x = ", "import os", "5 6", "f(" * 300, "1" * 2_000, "lambda: 5"]


@pytest.mark.parametrize("text", UNREAD)
def test_other_texts_are_read_as_they_stand(text: str) -> None:
    assert read_printed(text) == [text]
