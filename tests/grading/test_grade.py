"""Verdicts of whole completions: equal answers, bombs between them, recorded solutions."""

import gzip
import json
import os
from pathlib import Path

import pytest

from stages.grading import pool
from stages.grading.grade import grade, grade_all
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import Reference

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
    (r"10", r"\boxed{\binom{5}{2}}", "correct", "exact"),
    ("7", r"\boxed{3+4=7}", "correct", "exact"),
    ("x^2+2x+1", r"\boxed{(x+1)^2}", "correct", "exact"),
    ("x^2+2x+1", r"\boxed{(x-1)^2}", "wrong", "exact"),
    ("a + b + c", r"\boxed{c+b+a}", "correct", "exact"),
    ("a + b + c", r"\boxed{a+b}", "wrong", "exact"),
    ("x+y=5", r"\boxed{y+x=5}", "correct", "exact"),
    ("x+y=5", r"\boxed{5}", "wrong", "symbolic"),
    ("x=5", r"\boxed{y=5}", "wrong", "symbolic"),
    ("f(x)=x+1", r"\boxed{1+x}", "correct", "exact"),
    ("x<5", r"\boxed{(-\infty,5)}", "correct", "exact"),
    ("x<5", r"\boxed{x \le 5}", "wrong", "exact"),
    (r"(-\infty,1)\cup(1,\infty)", r"\boxed{(1,\infty)\cup(-\infty,1)}", "correct", "exact"),
    (r"(-\infty,1)\cup(1,\infty)", r"\boxed{(-\infty,1]\cup(1,\infty)}", "wrong", "exact"),
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
    (r"(2,\infty)", r"\boxed{x>2}", "correct", "exact"),
    (r"(2,\infty)", r"\boxed{x \ge 2}", "wrong", "exact"),
    ("x>2", r"\boxed{(2,\infty)}", "correct", "exact"),
    (r"\sin 30^\circ", r"\boxed{0.5}", "correct", "symbolic"),
    (r"\sin(30^\circ)", r"\boxed{\frac{1}{2}}", "correct", "symbolic"),
    (r"\sin 60", r"\boxed{\sin 60^\circ}", "wrong", "symbolic"),
    (r"\sin 60^\circ", "answer: $\\sin 60\N{DEGREE SIGN}$", "correct", "exact"),
    (
        r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\boxed{\begin{pmatrix} 1 \\ 4/2 \end{pmatrix}}",
        "correct",
        "exact",
    ),
    (
        r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\boxed{\begin{pmatrix} 2 \\ 1 \end{pmatrix}}",
        "wrong",
        "exact",
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
    (r"(x+1)^2", r"\boxed{(x+1)^{12345}}", "wrong"),
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
        limits=Limits(timeout_s=0.6),
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
