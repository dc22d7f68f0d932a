"""Grading: what counts as an answer, which answers are equal, and that no answer does harm."""

import gzip
import json
import os
import select
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from stages.grading import pool
from stages.grading.grade import Limits, Reference, grade, grade_all
from stages.grading.mathematics import formulas
from stages.grading.mathematics.answers import find_answer
from stages.grading.mathematics.numbers import number
from stages.grading.mathematics.plain_equality import are_same

EXTRACTED = [
    # one form each
    (r"so the total is \boxed{18}", "18"),
    (r"thus $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
    (r"\fbox{7}", "7"),
    (r"thus \boxed 7.", "7"),
    ("He sells 9.\n#### 18", "18"),
    ("She makes $18.\nA: 18", "18"),
    ("**A:** 18", "18"),
    ("So the answer is 18.", "18"),
    ("The answer is $18.", "$18"),
    (r"The final answer is \(\frac{1}{2}\) of it.", r"\frac{1}{2}"),
    ("The answer to the question is 3.5. Done.", "3.5"),
    ("**Answer:** 18", "18"),
    ("answer: 18", "18"),
    ("The answer is:\n\n18", "18"),
    ("The answer is:\n\\[\nx = 5\n\\]", "x = 5"),
    ("The answer is 18, since 9 eggs cost $2.", "18"),
    ("A: 18 dollars", "18 dollars"),
    # the last stated one wins, whatever its form
    (r"\boxed{17} ... no: the answer is 18", "18"),
    (r"The answer is 17. Wait, \boxed{18}", "18"),
    ("#### 17\nA: 18", "18"),
    ("A: There are 9 eggs at $2 each. The answer is 18.", "18"),
    (r"The answer is \boxed{18}. I hope my answer is correct.", "18"),
    (r"\boxed{18} and then \boxed{}", "18"),
    (r"\boxed{18} and then \boxed{19", "18"),
    (r"\boxed{\text{the answer is } 18}", r"\text{the answer is } 18"),
    (r"The answer is 5 or \boxed{east}", "east"),
    ("#### Thursday", "Thursday"),
    ("Final Answer: The final answer is $5$. I hope it is correct.", "5"),
    ("**Answer:** The answer is $5$.", "5"),
    ("The answer is 17. Wait, the answer is 18.", "18"),
    ("So my answer is wrong. Recomputing, the answer is 14.", "14"),
    ("The answer is 14. I hope that this answer is correct.", "14"),
    ("The answer is 14, so the answer is positive.", "14"),
    ("The answer is 14, not 15.", "14"),
    # headings are no answers
    ("\\boxed{18}\n\n#### Conclusion\nDone.", "18"),
    ("#### 2. Solve the equation\nso \\boxed{18}\n###### 7", "18"),
    ("#### Step 3: add 5\nThen we are done.", None),
    # boxes with braces of their own
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    (r"\boxed{x_{1_{2}}}", "x_{1_{2}}"),
    (r"{ \boxed{18}", "18"),
    # calculator annotations
    ("so <<48/2=24>>24 a day\nA: <<24*1=24>>24", "24"),
    # bare answers
    ("18", "18"),
    (r" \frac{1}{2} ", r"\frac{1}{2}"),
    ("x = 5", "x = 5"),
    ("Thursday", "Thursday"),
    (r"#### \text{June 20}", r"\text{June 20}"),
    (r"The answer is $\$1.25$.", r"\$1.25"),
    ("The answer is $AB=9, CD=4$.", "AB=9, CD=4"),
    (r"\boxed{44}. To check our answer: $17*44 = 748 = 9*83+1$.", "44"),
    ("The answers are $3$ and $4$.", "3, 4"),
    (r"Answer: \(x=3\) or \(x=4\), by symmetry", "x=3, x=4"),
    ("The answer is $5$, and $x$ is positive.", "5"),
    (r"So \boxed5.", "5"),
    ("Answer:\n```\n5\n```", "5"),
    # no answer
    ("", None),
    ("She sells 9 eggs for $2 each, so she makes 18", None),
    ("3 + 4 = 7", None),
    ("First 3 + 4 = 7.\nThen 7 * 2 = 14.", None),
    (r"so we get \boxed{18", None),
    (r"\boxed{}", None),
    ("I don't know", None),
    ("A: There are 15 trees in the grove", None),
]


@pytest.mark.parametrize(("completion", "answer"), EXTRACTED)
def test_answer_is_found_where_stated(completion: str, answer: str | None) -> None:
    assert find_answer(completion) == answer


NUMBERS = [
    ("016", 16), ("3.0", 3), ("3.", 3), (".5", "1/2"), ("-.5", "-1/2"), ("+5", 5), ("1/2", "1/2"),
    ("1,000", 1000), ("1,234,567.5", "2469135/2"), (r"10{,}000", 10000), (r"10\,000", 10000),
    (r"40,\!320", 40320), ("10 000", 10000), (r"\frac{1}{2}", "1/2"), (r"\frac ab", None),
    (r"\frac12", "1/2"), (r"\frac 35", "3/5"), (r"\dfrac{1}{2}", "1/2"), (r"\frac1{2}", "1/2"),
    (r"-\frac{5}{3}.", "-5/3"), (r"\frac{-5}{3}", "-5/3"), (r"3\frac12", "7/2"), ("3 1/2", "7/2"),
    ("50%", 50), (r"50\%", 50), ("50 percent", 50), (r"\$42409", 42409), ("$5", 5), ("-$5", -5),
    ("18 dollars", 18), (r"5\text{ cm}", 5), (r"5\text{ m}^2", 5), (r"90^\circ", 90), ("5 km/h", 5),
    ("60 miles per hour", 60), ("1.5e3", 1500), (r"1.5 \times 10^{3}", 1500), ("**18**", 18),
    ("$18$", 18), (r"\(18\)", 18), ("{18}", 18), ("\N{MINUS SIGN}3", -3),
    # not plainly numeric
    ("1,00", None), ("1, 000", None), ("12,34", None), ("1 1", None), ("5x", None), ("5 m", None),
    ("5 million", None), ("1/0", None), (r"\frac{1}{0}", None), ("3 1/1", None), ("1/2/3", None),
    (r"2\pi", None), ("1e9999", None), (r"10^{5}", None), ("9^{9^9}", None), ("9" * 2000, None),
    ("", None), ("eighteen", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_number(text: str, value: int | str | None) -> None:
    assert number(text) == (None if value is None else Fraction(value))


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
    ("x<5", "5>x", None),
    ("2/3x", "2x/3", None),
    (r"x \sin y", r"\sin(y) x", None),
    (r"(-\infty,1)\cup(1,\infty)", r"(-\infty,2)\cup(2,\infty)", None),
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


GRADED = [
    # (reference, completion, outcome, detail)
    ("18", "A: 18", "correct", "exact"),
    ("18", "A: 17", "wrong", "exact"),
    ("1", "A: 11", "wrong", "exact"),
    ("18", "so she makes 18", "unparseable", "no answer found"),
    ("18", "The answer is $$", "unparseable", "answer without content"),
    ("", "A: 18", "error", "empty reference"),
    (r"\sqrt{8}", r"\boxed{2\sqrt{2}}", "correct", "exact"),
    (r"\sqrt{8}", r"\boxed{2\sqrt{3}}", "wrong", "exact"),
    (r"\frac{\sqrt{2}}{2}", r"\boxed{\frac{1}{\sqrt 2}}", "correct", "exact"),
    (r"\sqrt{2}/2", "answer: sqrt(2)/2", "correct", "exact"),
    (r"2\pi", "The answer is 2pi.", "correct", "exact"),
    (r"2\pi", r"\boxed{6.283185}", "correct", "exact"),
    (r"2\pi", r"\boxed{6.28}", "wrong", "exact"),
    (r"\sin x", "answer: sin(x)", "correct", "symbolic"),
    (r"1024", r"\boxed{2^{10}}", "correct", "exact"),
    (r"10", r"\boxed{\binom{5}{2}}", "correct", "symbolic"),
    ("7", r"\boxed{3+4=7}", "correct", "symbolic"),
    ("x^2+2x+1", r"\boxed{(x+1)^2}", "correct", "exact"),
    ("x^2+2x+1", r"\boxed{(x-1)^2}", "wrong", "exact"),
    ("a + b + c", r"\boxed{c+b+a}", "correct", "exact"),
    ("a + b + c", r"\boxed{a+b}", "wrong", "exact"),
    ("x+y=5", r"\boxed{y+x=5}", "correct", "exact"),
    ("x+y=5", r"\boxed{5}", "wrong", "symbolic"),
    ("x=5", r"\boxed{y=5}", "wrong", "symbolic"),
    ("f(x)=x+1", r"\boxed{1+x}", "correct", "exact"),
    ("x<5", r"\boxed{(-\infty,5)}", "correct", "symbolic"),
    ("x<5", r"\boxed{x \le 5}", "wrong", "symbolic"),
    (r"(-\infty,1)\cup(1,\infty)", r"\boxed{(1,\infty)\cup(-\infty,1)}", "correct", "symbolic"),
    (r"(-\infty,1)\cup(1,\infty)", r"\boxed{(-\infty,1]\cup(1,\infty)}", "wrong", "symbolic"),
    (r"(\sqrt{8}, 1)", r"\boxed{(2\sqrt{2}, 1)}", "correct", "exact"),
    (r"(\sqrt{8}, 1)", r"\boxed{(1, 2\sqrt{2})}", "wrong", "exact"),
    (r"(\sqrt{8}, 1)", r"\boxed{1, 2\sqrt{2}}", "wrong", "symbolic"),
    (r"(\sqrt{8}, 1)", r"\boxed{\{2\sqrt{2}, 1\}}", "wrong", "symbolic"),
    (r"\sqrt{8}, 1", r"\boxed{1, 2\sqrt{2}}", "correct", "exact"),
    (r"1 \pm \sqrt{5}", r"\boxed{1+\sqrt{5}, 1-\sqrt{5}}", "correct", "exact"),
    (r"\sqrt{(x-2)^2}", r"\boxed{x-2}", "wrong", "symbolic"),
    (r"\sqrt{(k-2)^2}", r"\boxed{k-2}", "wrong", "symbolic"),
    (r"\sqrt{b^2-4ac}", r"\boxed{\sqrt{-4ac+b^2}}", "correct", "symbolic"),
    ("3, 4", "The answers are $3$ and $4$.", "correct", "exact"),
    ("3, 4", "Answer: $x=3$ or $x=4$", "correct", "exact"),
    ("5", r"\boxed{2x=5}", "wrong", "symbolic"),
    ("5", r"\boxed{x+y=5}", "wrong", "symbolic"),
    ("5", r"\boxed{\frac{x}{2}=5}", "wrong", "symbolic"),
    (r"\log_2 3", r"\boxed{\log_{2}(3)}", "correct", "symbolic"),
    (r"(2,\infty)", r"\boxed{x>2}", "correct", "symbolic"),
    (r"(2,\infty)", r"\boxed{x \ge 2}", "wrong", "symbolic"),
    ("x>2", r"\boxed{(2,\infty)}", "correct", "symbolic"),
    (r"\sin 30^\circ", r"\boxed{0.5}", "correct", "symbolic"),
    (r"\sin(30^\circ)", r"\boxed{\frac{1}{2}}", "correct", "symbolic"),
    (r"\sin 60", r"\boxed{\sin 60^\circ}", "wrong", "symbolic"),
    (r"\sin 60^\circ", "answer: $\\sin 60\N{DEGREE SIGN}$", "correct", "exact"),
    (
        r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\boxed{\begin{pmatrix} 1 \\ 4/2 \end{pmatrix}}",
        "correct",
        "symbolic",
    ),
    (
        r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\boxed{\begin{pmatrix} 2 \\ 1 \end{pmatrix}}",
        "wrong",
        "symbolic",
    ),
    ("2", r"\boxed{1 1}", "unparseable", "answer has numbers side by side"),
    ("18", r"\boxed{\frac{}{}}", "unparseable", "answer not readable as mathematics"),
    ("18", r"\boxed{\frac}", "unparseable", "answer not readable as mathematics"),
    (r"\frac{}{}", r"\boxed{18}", "error", "reference not readable as mathematics"),
    ("18", "The answer is not 18", "wrong", "symbolic"),
    ("Evelyn", r"\boxed{\text{evelyn}}", "correct", "exact"),
]
BOMBS = [
    ("5", r"\boxed{9^{9^{9^9}}}", "timeout"),
    ("5", r"\boxed{99999999!}", "timeout"),
    (r"(x+1)^2", r"\boxed{(x+1)^{12345}}", "timeout"),
    ("5", "\\boxed{" + "{" * 100_000 + "5" + "}" * 100_000 + "}", "unparseable"),
    ("5", "\\boxed{" * 100_000 + "5" + "}" * 99_999, "correct"),
    ("5", "\\boxed{" * 100_000, "unparseable"),
    ("5", "\\boxed{" + "1" * 1_000_000 + "}", "unparseable"),
    ("5", "The answer is " + "5 " * 500_000, "unparseable"),
    ("5", "5" * 1_000_000, "unparseable"),
    ("5", "A: 5 is\n" * 100_000 + "A: 5", "correct"),
    ("5", "<<" * 500_000 + "\n" * 500_000, "unparseable"),
    ("x", r"\boxed{" + "1," * 400 + "1}", "wrong"),
    ("5", "\\boxed{\ud800}", "unparseable"),
]


def test_grade_all_gives_each_item_its_verdict_whatever_the_others_do() -> None:
    """Ordinary items between bombs, in order, with any number of them in the worker's hands."""
    ordinary = [(reference, text, outcome) for reference, text, outcome, _ in GRADED]
    cases = [*ordinary[:9], *BOMBS, *ordinary[9:]]
    done: list[int] = []

    verdicts = grade_all(
        [("math", reference, text) for reference, text, _ in cases],
        limits=Limits(timeout_s=1.0),
        progress=done.append,
    )

    graded = [
        (reference, text[:40], verdict.outcome)
        for (reference, text, _), verdict in zip(cases, verdicts, strict=True)
    ]
    assert graded == [(reference, text[:40], outcome) for reference, text, outcome in cases]
    details = [v.detail for v in verdicts[:9] + verdicts[9 + len(BOMBS) :]]
    assert details == [detail for *_, detail in GRADED]
    assert sum(done) == len(cases)
    assert all(v.extracted is None or len(v.extracted) <= 1_000 for v in verdicts)


@pytest.mark.parametrize(("reference", "completion", "outcome", "detail"), GRADED[:9])
def test_grade_in_process(reference: str, completion: str, outcome: str, detail: str) -> None:
    verdict = grade("math", reference, completion)
    assert (verdict.outcome, verdict.detail) == (outcome, detail)


def test_unknown_kind_is_named_with_the_known_ones() -> None:
    for call in (grade, lambda *item: grade_all([item])):
        with pytest.raises(ValueError, match=r"'maths'.* known kinds: math"):
            call("maths", "18", "A: 18")


def test_limits_must_be_positive() -> None:
    for limits in ({"workers": 0}, {"limits": Limits(timeout_s=0.0)}):
        with pytest.raises(ValueError, match="must be above 0"):
            grade_all([("math", "18", "A: 18")], **limits)  # type: ignore[arg-type]


def test_plain_answers_start_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "COMMAND", ["false"])
    verdicts = grade_all(
        [("math", "18", "A: 18"), ("math", "18", "\\boxed{1,8}"), ("math", "1", "")]
    )
    assert [v.outcome for v in verdicts] == ["correct", "wrong", "unparseable"]


def test_equal_answers_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def run(jobs, workers, timeout_s):  # type: ignore[no-untyped-def]
        asked.extend(jobs)
        yield from (pool.Reply(i, "wrong", f"job {i}") for i in range(len(jobs))[::-1])

    monkeypatch.setattr(pool, "run", run)
    answers = [r"\boxed{\ln 9}", "A: 18", r"so \boxed{\ln 9}", r"answer: \ln 9", r"\boxed{\ln 8}"]
    verdicts = grade_all([("math", "18", text) for text in answers])

    wanted = Reference("18")
    assert asked == [("math", wanted, r"\ln 9"), ("math", wanted, r"\ln 8")]
    assert [v.detail for v in verdicts] == ["job 0", "exact", "job 0", "job 0", "job 1"]


STAND_IN = """
import ctypes, os, signal, sys, time
from stages.grading import kinds, reference, worker

def hang(): time.sleep(60)
def spin():
    while True: pass
def fill(): return bytearray(1 << 31)
def recurse(): return recurse()
def crash(): ctypes.string_at(0)
def leave(): os._exit(3)
def kill_worker(): os.kill(os.getppid(), signal.SIGKILL); hang()
def chatter(): os.write(1, b"not a reply"); print("nor this", flush=True)
def pass_by(): pass

def compare(wanted, answer):
    globals()[answer]()
    return reference.Verdict("correct", answer, "done")

kinds.KINDS["math"] = kinds.KINDS["math"]._replace(compare=compare)
worker._load_algebra = pass_by
worker.main()
"""
HARM = {
    "hang": ("timeout", "more than 1 s"),
    "spin": ("timeout", "more than 0.1 s of CPU time"),
    "fill": ("error", "MemoryError"),
    "recurse": ("error", "RecursionError"),
    "crash": ("error", "comparison died of SIGSEGV"),
    "leave": ("error", "comparison died"),
    "kill_worker": ("error", "worker died"),
    "chatter": ("correct", "done"),
}


def test_harm_stays_with_the_job_that_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    jobs = [("math", Reference(""), act) for harm in HARM for act in (harm, "pass_by")]

    replies = sorted(pool.run(jobs, workers=2, timeout_s=0.1))

    assert [reply.job_index for reply in replies] == list(range(len(jobs)))
    assert {jobs[r.job_index][2]: r[1:] for r in replies[::2]} == HARM
    assert {r[1:] for r in replies[1::2]} == {("correct", "done")}


def test_a_worker_has_no_job_before_its_first_line_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its first line and a reply, read at once, would leave the reply where nobody looks."""
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    ready: list[bool] = []
    give = pool._Worker.give

    def watched(self: pool._Worker, place: int, job: pool.Job) -> None:
        ready.append(self.is_ready)
        give(self, place, job)

    monkeypatch.setattr(pool._Worker, "give", watched)
    assert (
        len(list(pool.run([("math", Reference(""), "pass_by")] * 3, workers=2, timeout_s=5))) == 3
    )
    assert ready == [True] * 3


def test_workers_wait_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that grades in many small rounds loads the algebra once; a dead one is replaced."""
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def watched(*args, **kwargs):  # type: ignore[no-untyped-def]
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)

    def outcomes() -> list[str]:
        job = ("math", Reference(""), "pass_by")
        return [reply.outcome for reply in pool.run([job] * 3, workers=2, timeout_s=7)]

    assert outcomes() == outcomes() == ["correct"] * 3
    assert len(started) == 2
    started[0].kill()
    started[0].wait()
    assert outcomes() == ["correct"] * 3
    assert len(started) == 3
    pool.dismiss()
    assert all(process.returncode is not None for process in started)


def test_abandoned_pool_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    outputs: list[int] = []
    popen = subprocess.Popen

    def watched(*args, **kwargs):  # type: ignore[no-untyped-def]
        process = popen(*args, **kwargs)
        outputs.append(os.dup(process.stdout.fileno()))
        return process

    monkeypatch.setattr(subprocess, "Popen", watched)
    replies = pool.run(
        [("math", Reference(""), "pass_by"), ("math", Reference(""), "hang")],
        workers=2,
        timeout_s=30,
    )
    next(replies)
    replies.close()

    assert len(outputs) == 2
    for output in outputs:  # at its end only when neither the worker nor its fork is left
        while select.select([output], [], [], 10)[0] and os.read(output, 1000):
            pass
        assert select.select([output], [], [], 0)[0], "a process still holds the pipe"
        os.close(output)


def test_worker_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no algebra here')"]
    monkeypatch.setattr(pool, "COMMAND", command)
    with pytest.raises(
        pool.WorkerError, match=r"did not start \(exit code 1\)[^$]*no algebra here"
    ):
        grade_all([("math", "18", r"\boxed{\ln 9}")])


def test_pool_works_from_another_thread_folder_and_script(tmp_path: Path) -> None:
    """A script without a main guard, run elsewhere, that grades in a thread of its own."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, threading\n"
        f"sys.path.insert(0, {str(pool.ROOT)!r})\n"
        "from stages.grading.grade import grade_all\n"
        "def work():\n"
        "    items = [('math', '2', r'\\boxed{\\sqrt{4}}'), ('math', '3', r'\\boxed{\\sqrt{4}}')]\n"
        "    print([v.outcome for v in grade_all(items, workers=1)])\n"
        "assert not {'sympy', 'math_verify', 'torch'} & set(sys.modules), 'slow start'\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "__init__.py").write_text("raise ImportError('the wrong package')")

    done = subprocess.run(
        [sys.executable, "-P", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("['correct', 'wrong']\n", "")


def test_recorded_gsm8k_solutions_get_their_recorded_verdicts() -> None:
    """5,276 solutions of four models, judged when they were published."""
    if "RATCHET_DATASETS" not in os.environ:
        pytest.skip("RATCHET_DATASETS names no folder with gsm8k/example_model_solutions.jsonl.gz")
    path = Path(os.environ["RATCHET_DATASETS"]) / "gsm8k" / "example_model_solutions.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    recorded = [
        (row["ground_truth"].rpartition("A: ")[2], sample["solution"], sample["is_correct"])
        for row in rows
        for sample in row.values()
        if isinstance(sample, dict)
    ]

    verdicts = grade_all([("math", answer, solution) for answer, solution, _ in recorded])

    agree = [
        (verdict.outcome == "correct") == is_correct
        for verdict, (_, _, is_correct) in zip(verdicts, recorded, strict=True)
    ]
    assert len(agree) == 5_276
    assert sum(agree) >= 0.995 * len(agree)
