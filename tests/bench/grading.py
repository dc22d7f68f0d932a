"""Grading: one call for all samples against Math-Verify on each sample, same rows.

Math-Verify reads the text from the last statement of the answer on, which is as much as it needs.
"""

import gzip
import json
import logging
import random
from pathlib import Path

from stages.grading.grade import grade_all
from tests.bench.case import Case
from tests.fakes.real_datasets import datasets_folder

DRAWS = 8
Row = tuple[str, str, str]
"""(kind, reference, completion)"""


def invented(folder: Path) -> Case:
    """Eight solutions of each of 400 problems: half as MATH states answers, half as GSM8K does."""
    rng = random.Random(0)
    rows: list[Row] = []
    for number in range(400):
        form, closing = (_formula, r"\boxed{%s}") if number % 2 else (_amount, "#### %s")
        a, b = rng.randint(2, 30), rng.randint(2, 9)
        for _ in range(DRAWS):
            slip = rng.choice([0, 0, 0, 1, 1, 2])
            reference, stated = form(rng, number // 2, a, b, slip)
            rows.append(("math", reference, f"{_talk(rng, a, b)}\n{closing % stated}"))
    return _case("invented", rows)


def recorded(folder: Path) -> Case:
    """800 recorded samples on MATH and 5,276 recorded solutions of GSM8K."""
    rows: list[Row] = []
    for row in _lines("qwen25_math_samples/math_cot_100.jsonl.gz"):
        rows += [("math", row["gt"], text) for text in row["code"]]
    for row in _lines("gsm8k/example_model_solutions.jsonl.gz"):
        reference = row["ground_truth"].rpartition("A: ")[2]
        rows += [
            ("math", reference, said["solution"]) for said in row.values() if isinstance(said, dict)
        ]
    return _case("recorded", rows)


def _formula(rng: random.Random, number: int, a: int, b: int, slip: int) -> tuple[str, str]:
    """(reference, a way of writing it, or of writing something else)."""
    c = a + slip
    forms: list[tuple[str, list[str]]] = [
        (rf"\frac{{{a}}}{{31}}", [rf"\dfrac{{{c}}}{{31}}", f"{c}/31", rf"\frac{{{2 * c}}}{{62}}"]),
        (rf"{a}\sqrt{{{b}}}", [rf"{c} \sqrt{{{b}}}", rf"\sqrt{{{b}}} \cdot {c}"]),
        (rf"({a},{b})", [f"({c}, {b})", rf"\left({c}, {b}\right)"]),
        (rf"{a}\pi", [rf"{c} \pi", rf"\pi \cdot {c}", rf"\frac{{{2 * c}\pi}}{{2}}"]),
        (f"x^2+{a}x+{b}", [f"x^2 + {c}x + {b}", f"{b} + {c} x + x^2"]),
        (rf"[{b},{a + 40})", [rf"\left[{b}, {c + 40}\right)"]),
        (f"{a}", [f"{c}", rf"{c}^\circ", rf"{c}\text{{ cm}}", f"x = {c}"]),
        (rf"{a}\%", [rf"{c}\%", f"{c}"]),
        (f"{a},{b + 40}", [f"{b + 40}, {c}", f"{c}, {b + 40}"]),
        (rf"{a}+{b}i", [f"{c} + {b}i", f"{b}i + {c}"]),
    ]
    reference, ways = forms[number % len(forms)]
    return reference, rng.choice(ways)


def _amount(rng: random.Random, number: int, a: int, b: int, slip: int) -> tuple[str, str]:
    value = a * b * 100 ** (number % 3)
    shown = value + slip
    return f"{value}", rng.choice([f"{shown}", f"{shown:,}", f"${shown}", f"{shown} apples"])


def _talk(rng: random.Random, a: int, b: int) -> str:
    words = ["so", "then", "we", "have", "the", "first", "of", "these", "and", "it", "follows"]
    lines = []
    for step in range(rng.randint(3, 7)):
        said = " ".join(rng.choices(words, k=rng.randint(8, 20)))
        lines.append(
            rf"{said} ${a} + {step} \cdot {b} = {a + step * b}$, or $\frac{{{a}}}{{{b}}}$."
        )
    return "\n".join(lines)


def _case(name: str, rows: list[Row]) -> Case:
    import math_verify

    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    statements = [(f"${reference}$", _statement(text)) for _, reference, text in rows]

    def one_by_one() -> list[bool]:
        return [
            math_verify.verify(math_verify.parse(gold), math_verify.parse(text))
            for gold, text in statements
        ]

    def differences() -> list[str]:
        pairs = zip(statements, grade_all(rows), one_by_one(), strict=True)
        found = {
            f"{gold} against {text[-60:]!r}: ours {verdict.outcome} on {verdict.extracted!r}"
            for (gold, text), verdict, theirs in pairs
            if (verdict.outcome == "correct") != theirs
        }
        return sorted(found)

    work = f"{len(rows):,} verdicts, {name}"
    return Case(work, lambda: grade_all(rows), "Math-Verify on each", one_by_one, differences)


def _statement(text: str) -> str:
    for mark in ("####", "A:"):
        if mark in text:
            return text.rpartition(mark)[2]
    return text


def _lines(file: str) -> list[dict]:  # type: ignore[type-arg]
    raw = gzip.decompress((datasets_folder() / file).read_bytes())
    return [json.loads(line) for line in raw.splitlines()]
