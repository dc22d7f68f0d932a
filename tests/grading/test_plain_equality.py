"""Equality of answers as a relation, and answers that are bombs."""

import resource
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.grading.grade import grade_all
from stages.grading.mathematics import formulas
from stages.grading.mathematics.plain_equality import are_same
from stages.grading.programs.sandbox import Limits

integers = st.integers(-10_000, 10_000)
fractions = st.builds(Fraction, integers, st.integers(1, 500))
plain = st.one_of(
    integers.map(str),
    st.integers(1_000, 10**9).map("{:,}".format),
    fractions.map(str),
    fractions.map(lambda f: rf"\frac{{{f.numerator}}}{{{f.denominator}}}"),
    st.decimals(-1000, 1000, places=3).map(str),
    integers.map("{}%".format),
    st.tuples(integers, integers).map(lambda t: f"({t[0]}, {t[1]})"),
    st.tuples(integers, integers).map(lambda t: f"[{t[0]}, {t[1]})"),
    st.sets(integers, min_size=2, max_size=4).map(lambda s: r"\{" + ", ".join(map(str, s)) + r"\}"),
    st.sampled_from([r"\sqrt{2}", r"2\pi", "x^2+1", "x = 5", r"\text{even}", "12_3", "Monday"]),
)
REWRITINGS = [
    "{}",
    " {} ",
    "${}$",
    r"\({}\)",
    "{}.",
    r"\displaystyle {}",
]
quick = settings(max_examples=80, deadline=None, derandomize=True)


@quick
@given(plain)
def test_an_answer_equals_itself_however_it_is_dressed(answer: str) -> None:
    for dress in REWRITINGS:
        assert are_same(answer, dress.format(answer)) is True
        assert are_same(dress.format(answer), answer) is True


@quick
@given(plain, plain)
def test_equality_is_symmetric(one: str, other: str) -> None:
    assert are_same(one, other) is are_same(other, one)


@quick
@given(fractions)
def test_a_number_equals_its_other_writings(value: Fraction) -> None:
    n, d = value.numerator, value.denominator
    writings = [f"{n}/{d}", rf"\frac{{{n}}}{{{d}}}", rf"\dfrac{{{n}}}{{{d}}}", f"{3 * n}/{3 * d}"]
    writings += [f"{n}", f"{n}.0", f"{n:,}", rf"{n}\text{{ cm}}"] if d == 1 else []
    for one in writings:
        for other in writings:
            assert are_same(one, other) is True, (one, other)


@quick
@given(fractions, fractions)
def test_different_numbers_differ(one: Fraction, other: Fraction) -> None:
    assert are_same(str(one), str(other)) is (one == other)


MB = 1_000_000
BOMBS = {
    "a tower of powers": r"\boxed{9^{9^{9^9}}}",
    "two powers": r"\boxed{10^{10^{10}}}",
    "factorials": r"\boxed{((9!)!)!}",
    "a long power": r"\boxed{2^{99999999999}}",
    "nested braces": r"\boxed{" + "{" * 100_000 + "1" + "}" * 100_000 + "}",
    "open braces": r"\boxed{" + "{" * 100_000,
    "parentheses": r"\boxed{" + "(" * 100_000 + "}",
    "nested boxes": r"\boxed{" * 20_000 + "1" + "}" * 20_000,
    "nested roots": r"\boxed{" + r"\sqrt{" * 400 + "2" + "}" * 401,
    "a megabyte of digits": "#### " + "1" * MB,
    "a megabyte of letters": "#### " + "x" * MB,
    "a megabyte of blanks": "#### " + " " * MB + "1",
    "a megabyte of equations": "The answer is " + "=" * MB,
    "a megabyte of fractions": r"\boxed{" + r"\frac" * (MB // 5) + "}",
    "a megabyte of lines": "\n" * MB + "A: 1",
    "a megabyte of answers": "answer is " * (MB // 10),
    "a huge matrix": r"\boxed{\begin{pmatrix}" + r"1&2\\" * 10_000 + r"\end{pmatrix}}",
    "no LaTeX": r"\boxed{\frac{\left(}}\sqrt^_{}}",
    "half a command": "\\boxed{\\",
    "a large exponent": "#### 1e999",
}


def test_each_bomb_is_a_verdict_within_two_seconds_of_cpu_and_blocks_no_other() -> None:
    before = _cpu_s()
    items = [("math", "7", text) for bomb in BOMBS.values() for text in (bomb, "#### 7")]
    verdicts = grade_all(items, workers=1, limits=Limits(0.25))
    for name, bomb, other in zip(BOMBS, verdicts[::2], verdicts[1::2], strict=True):
        assert bomb.outcome in ("wrong", "unparseable", "timeout", "error"), name
        assert other.outcome == "correct", name
    assert _cpu_s() - before < 2 * len(BOMBS)


def _cpu_s() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


SAME = [
    ("18", "18", True),
    ("18", "18.00", True),
    ("1/2", "0.5", True),
    ("1", "11", False),
    ("11", "1", False),
    ("11", "1 1", None),
    ("16", "016", True),
    ("10{,}000", "10000", True),
    ("1/3", "0.33", False),
    ("1/3", "0.333333", True),
    ("6.666666666666667", "20/3", True),
    ("0.0000001", "0.0000002", False),
    ("1.0000001", "1.0000002", False),
    ("1", "1.0000001", False),
    ("1", "1.00000000000000000001", False),
    ("2/3", "0.666666", True),
    ("2/3", "0.666667", True),
    ("2/3", "0.666665", False),
    ("0.3", "0.30000000000000004", True),
    ("123456789/7", "17636684.14285714", True),
    (r"\sqrt{2}", "1.4142135", True),
    (r"\sqrt{2}", "1.4142137", False),
    (r"\frac{1}{2^{100}}", "7.888609052210118e-31", True),
    ("1234567.333333", "1234568", False),
    ("20%", "20", True),
    ("20", "20%", True),
    ("1/5", "20%", True),
    ("20%", "0.2%", False),
    ("20", "0.2", False),
    ("5 hours", "5", True),
    ("x=5", "5", True),
    ("5", "x = 5", True),
    ("x=5", "x=6", False),
    ("x=5", "y=5", None),
    ("1011_2", "1011", True),
    ("1011_2", "1011_{2}", True),
    ("1011_2", "1011_3", False),
    (r"\text{East}", "east", True),
    (r"\text{(A)}", "A", True),
    ("listen", "silent", False),
    ("5", "five", False),
    (r"8\!:\!34 \text{ p.m.}", "8:34 a.m.", False),
    ("(1,2)", "(1, 2)", True),
    ("(1,2)", "(2,1)", False),
    ("(1,2)", "(1,2,3)", False),
    ("(1/2, 3)", "(0.5, 3.0)", True),
    ("[1,2)", "[1,3)", False),
    ("1,2", "2, 1", True),
    (r"2 \text{ or } -12", "-12, 2", True),
    (r"\{1,2\}", "2,1", True),
    ("1,2", "1,2,3", False),
    (r"\frac{1}{2}", r"\frac{1}{2} or 0.5", True),
    (r"\frac{1}{2}", r"\frac{1}{2} or 0.4", False),
    (r"\{1,2\},\{3,4\}", r"\{3,4\},\{2,1\}", True),
    (r"(1,2),(3,4)", r"(3,4), (1,2)", True),
    (r"(1,2),(3,4)", r"(3,4), (2,1)", False),
    ("1000, 2000", "1,000, 2,000", True),
    ("1,234", "1, 234", False),
    ("1, 2", "x=1, x=2", True),
    (r"\sqrt{2}", r"\sqrt2", True),
    (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\dfrac{\pi}{2})", True),
    (r"2\sqrt{3}\text{ feet}", r"2 \sqrt{3}", True),
    ("18", "1, 8", False),
    # values
    (r"\sqrt{8}", r"2\sqrt{2}", True),
    (r"\sqrt{8}", "2sqrt(2)", True),
    (r"\sqrt{8}", r"2\sqrt{3}", False),
    ("xy", "yx", True),
    ("xy", "xz", False),
    ("A", "C", False),
    (r"x_1 + x_2", r"x_{2} + x_{1}", True),
    (r"\frac{1}{1+i}", r"\frac{1-i}{2}", True),
    ("x^2 - y^2", "(x-y)(x+y)", True),
    ("x+y=5", "2x+2y=10", True),
    (r"28", r"\sqrt{34} + 3\sqrt{10}", False),
    (r"2\pi", "2pi", True),
    (r"4:30 \text{ p.m.}", "4:30", False),
    (r"4:30 \text{ p.m.}", "4:30 PM", True),
    *[(rf"\sqrt{{{x}^2}}", x, True) for x in "xkmt"],
    *[(rf"\sqrt{{{x}^2}}", f"-{x}", False) for x in "xkmt"],
    *[(rf"10{x}\sqrt{{21{x}}}", rf"\sqrt{{2100{x}^3}}", True) for x in "xkmt"],
    *[(rf"\sqrt{{\frac{{{x}}}{{y}}}}", rf"\frac{{\sqrt {x}}}{{\sqrt y}}", True) for x in "xkmt"],
    *[(f"({x}-2)^{{1/2}}", rf"\sqrt{{{x}-2}}", None) for x in "xkmt"],
    (r"2\infty", "5", False),
    (r"e^{i\pi}", "-1", True),
    (r"2e^{\frac{i\pi}{3}}", r"1+i\sqrt{3}", True),
    (r"e^{i\pi/2}", "-i", False),
    (r"\frac{3\pm\sqrt{17}}{2}", r"\frac{3+\sqrt{17}}{2}, \frac{3-\sqrt{17}}{2}", True),
    (r"\frac{3\pm\sqrt{17}}{2}", r"\frac{3-\sqrt{17}}{2}", None),
    (r"x = \pm 2", "2, -2", True),
    (r"\pm 2", "\N{PLUS-MINUS SIGN}2", True),
    (r"\pm 2", "2", False),
    (r"\sqrt\pi", r"\sqrt{\pi}", True),
    (r"\frac{\sqrt\pi}{2}", r"\sqrt{\pi}/2", True),
    ("x^-2", r"\frac{1}{x^2}", True),
    ("10^-3", "0.001", True),
    (r"0.\overline{3}", "1/3", True),
    (r"-1.2\overline{45}", "-1.2454545", True),
    (r"0.\overline{3}", "0.3", False),
    (r"1\frac12x", "1.5x", True),
    (r"1\frac12x", r"\frac12x", False),
    (r"2\frac13\pi", r"\frac73\pi", True),
    (r"2\frac13\pi", r"\frac23\pi", False),
    (r"2\frac32x", "3x", True),
    (r"3^2\frac12", "9/2", True),
    (r"1,000\pi", r"1000\pi", True),
    (r"\sqrt{1,000}", r"10\sqrt{10}", True),
    (r"(1,200)", "1200", False),
    (r"1,000\pi, 2", r"2, 1000\pi", True),
    (r"11,\! 111,\! 111,\! 100", "11111111100", True),
    ("76", "E(2,3)=76", True),
    ("f(x,y)=76", "E(2,3)=76", None),
    ("5", "5 squared", False),
    ("5", "5 factorial", False),
    ("5", "5 below zero", False),
    ("5", "5 squares", True),
    ("5", "5 m/s", True),
    # words
    (r"\text{Yes}", "yes", True),
    (r"\text{No}", "no", True),
    (r"\text{odd}", "Odd", True),
    (r"\text{Red}", "red", True),
    (r"\text{Tom}", "tom", True),
    (r"\text{yes}", "YES", True),
    (r"\text{ACF}", "FAC", True),
    ("Ax", "A x", True),
    ("no", "on", False),
    ("cat", "act", False),
    ("yes", "no", False),
    ("no, yes", "yes, no", True),
    ("abc", "cba", True),
    ("ABC", "CBA", True),
    (r"\pi", "pi", True),
    # hours
    (r"10:30\text{ AM}", r"10:30\text{ PM}", False),
    (r"10:30\text{ AM}", "10:30", False),
    (r"10:30\text{ AM}", r"10:30\text{ a.m.}", True),
    (r"10\text{ P.M.}", r"10\text{ A.M.}", False),
    (r"5\text{ Million}", "5", False),
    # takes algebra
    (r"\log 8", r"3 \log 2", None),
    ("x<5", "5>x", True),
    ("2/3x", "2x/3", None),
    (r"x \sin y", r"\sin(y) x", None),
    (r"(-\infty,1)\cup(1,\infty)", r"(-\infty,2)\cup(2,\infty)", False),
]

SUMS = [f"2^.5+3^.{n}+x^55" for n in range(11, 41)]


def test_lists_read_each_element_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Counted(formulas.FormulaReader):
        def __init__(self, tokens: list[str], point: int) -> None:
            read.append(point)
            super().__init__(tokens, point)

    monkeypatch.setattr(formulas, "FormulaReader", Counted)
    assert are_same(", ".join(SUMS), ", ".join(SUMS[::-1])) is True
    assert len(read) <= 30 * formulas.POINTS


@pytest.mark.parametrize(("reference", "answer", "decision"), SAME)
def test_what_is_decided_without_algebra(
    reference: str, answer: str, decision: bool | None
) -> None:
    assert are_same(reference, answer) is decision
