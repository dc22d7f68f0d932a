"""Sets of real numbers in their many writings."""

import pytest

from stages.grading.mathematics.plain_equality import are_same

SETS = [
    (r"(-\infty,-1)\cup(1,\infty)", r"x<-1 \text{ or } x>1", True),
    (r"(-\infty,-1)\cup(1,\infty)", r"[1,\infty) \cup (-\infty,-1)", False),
    (r"(-\infty,-1]\cup[1,\infty)", r"[1,+\infty)\cup(-\infty,-1]", True),
    ("[2,4)", r"\{x \mid 2\le x<4\}", True),
    ("[2,4)", r"\{x : 2\leq x<4\}", True),
    ("[2,4)", r"\{x \in \mathbb{R} \mid 2\leqslant x<4\}", True),
    ("[2,4)", r"\{t \mid 2\le t<4\}", True),
    ("[2,4)", "2≤x<4", True),
    ("[2,4)", r"4>x\ge 2", True),
    ("[2,4)", r"x\in[2,4)", True),
    ("[2,4)", r"2<x<4", False),
    ("[2,4)", r"2\le x<5", False),
    (r"(0,1)\cup[1,2)", "(0,2)", True),
    (r"(0,1)\cup(1,2)", "(0,2)", False),
    (r"\mathbb{R}\setminus\{1\}", r"(-\infty,1)\cup(1,\infty)", True),
    (r"x \ne 1", r"\mathbb{R}\setminus\{1\}", True),
    (r"x \ne 1", r"\mathbb{R}\setminus\{2\}", False),
    (r"[0,1]\cup\{3\}", r"x=3 \text{ or } 0\le x\le 1", True),
    (r"(-1,0)\cup(0,1)", r"-1<x<1 \text{ and } x\ne 0", True),
    (r"\left[\frac12,\sqrt8\right]", r"\frac{1}{2} \le x \le 2\sqrt{2}", True),
    ("x<5", "5>x", True),
    ("x<5", r"x\le 5", False),
    ("x>2^{-100}", "x>2^{-99}", False),
    (r"(2^{-100},5)\cup(6,7)", r"(2^{-99},5)\cup(6,7)", False),
    # left to algebra: other names, ends that are no numbers, other relations
    ("x<5", "y<5", None),
    ("[a,b]", r"a\le x\le b", None),
    ("x^2<4", "(-2,2)", None),
    ("|x|<2", "(-2,2)", None),
    ("2x<10", r"(-\infty,5)", None),
]


@pytest.mark.parametrize(("reference", "answer", "decision"), SETS)
def test_sets(reference: str, answer: str, decision: bool | None) -> None:
    assert are_same(reference, answer) is decision
    assert are_same(answer, reference) is decision


BRACKETS = r"\left[\begin{array}{c}\frac12\\3\end{array}\right]"
MATRICES = [
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
        r"\begin{bmatrix} 1 & 4/2 \\ 3 & 4 \end{bmatrix}",
        True,
    ),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&5\end{pmatrix}", False),
    (r"\begin{pmatrix}1/2\\3\end{pmatrix}", BRACKETS, True),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}", False),
    (r"\begin{pmatrix}2^{-100}\\3\end{pmatrix}", r"\begin{pmatrix}2^{-99}\\3\end{pmatrix}", False),
    (r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", "-2", None),
    (r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", None),
]


@pytest.mark.parametrize(("reference", "answer", "decision"), MATRICES)
def test_matrices(reference: str, answer: str, decision: bool | None) -> None:
    assert are_same(reference, answer) is decision


EQUATIONS = [
    (r"0.56 = 56\%", "0.56", True),
    (r"0.56 = 56\%", r"56\%", True),
    (r"0.56 = 56\%", "56", True),
    (r"0.56 = 56\%", "0.57", False),
    ("0.56", r"56\% = 0.56", True),
    (r"\frac12 = 0.5 = 50\%", "1/2", True),
    ("7", "3+4=7", True),
    ("6", "3+4=7", False),
    (r"A = \pi r^2 = 25\pi", r"25\pi", True),
    (r"25\pi", r"A = \pi r^2 = 25\pi", True),
    ("30", r"\angle ABC = 30^\circ", True),
    ("25", "Total cost = 25", True),
    (r"\sqrt{2}", r"\sqrt{2} \approx 1.414", True),
    (r"\sqrt{2}", "√2 ≈ 1.414", True),
    (r"\sqrt{2}", r"\sqrt{2} \approx 7", None),
    ("x+y=5", "5", None),
    ("5", "2x=5", None),
    ("x=5,y=3", "y=3, x=5", True),
    ("x=5", "y=5", None),
]


@pytest.mark.parametrize(("reference", "answer", "decision"), EQUATIONS)
def test_equations(reference: str, answer: str, decision: bool | None) -> None:
    assert are_same(reference, answer) is decision
