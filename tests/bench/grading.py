"""Grading: one call for all samples against Math-Verify on each sample, same rows."""

from pathlib import Path

from stages.grading import grade_all
from tests.bench.case import Case
from tests.conftest import toy_problems


def case(folder: Path) -> Case:
    """Eight solutions of each of 60 problems, half of them wrong; one answer in ten is LaTeX."""
    rows = []
    for number, (answer, steps) in enumerate(toy_problems().select("answer", "rationale").rows()):
        latex = number % 10 == 0
        for draw in range(8):
            value = int(answer) + draw % 2
            stated = rf"\boxed{{\frac{{{2 * value}}}{{2}}}}" if latex else f"#### {value}"
            rows.append(("math", answer, "".join(steps[:-1]) + stated))

    def one_by_one() -> None:
        from math_verify import parse, verify

        for _, answer, text in rows:
            value = text.rpartition("#### ")[2] if "####" in text else text
            verify(parse(answer), parse(value))

    return Case(f"{len(rows)} verdicts", lambda: grade_all(rows), "Math-Verify on each", one_by_one)
