"""Equality of answers as a relation, and answers that are bombs."""

import resource
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from stages.grading.grade import Limits, grade_all
from stages.grading.mathematics.plain_equality import are_same

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
    verdicts = grade_all(items, workers=1, limits=Limits(0.5))
    for name, bomb, other in zip(BOMBS, verdicts[::2], verdicts[1::2], strict=True):
        assert bomb.outcome in ("wrong", "unparseable", "timeout", "error"), name
        assert other.outcome == "correct", name
    assert _cpu_s() - before < 2 * len(BOMBS)


def _cpu_s() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
