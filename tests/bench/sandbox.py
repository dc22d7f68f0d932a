"""Code: all samples in warm sandboxes against a fresh, unconfined `python -I` for each."""

import subprocess
import sys
from pathlib import Path

from stages.grading.grade import grade_all
from stages.grading.reference import Reference
from tests.bench.case import Case

PROGRAM = '''def running_{n}(numbers, limit):
    """Sums of the numbers so far, without those above the limit."""
    total, found = 0, []
    for number in numbers:
        if number > limit:
            continue
        total += number {sign} {n}
        found.append(total)
    return found
'''
TESTS = (
    "assert running_{n}([1, 2, 3], 9) == [{a}, {b}, {c}]",
    "assert running_{n}([], 3) == []",
    "assert running_{n}([5, 50, 1], 9) == [{d}, {e}]",
)


def case(folder: Path) -> Case:
    """Eight solutions of each of 50 problems, every other one wrong."""
    items = []
    for n in range(1, 51):
        values = {"a": 1 + n, "b": 3 + 2 * n, "c": 6 + 3 * n, "d": 5 + n, "e": 6 + 2 * n}
        tests = tuple(test.format(n=n, **values) for test in TESTS)
        for draw in range(8):
            program = PROGRAM.format(n=n, sign="+-"[draw % 2]) + f"# {draw}\n"
            items.append(("code", Reference("", tests=tests), program))

    def ours() -> object:
        verdicts = grade_all(items)
        assert [v.outcome for v in verdicts] == ["correct", "wrong"] * (len(items) // 2)
        return verdicts

    def fresh() -> None:
        for draw, (_, reference, program) in enumerate(items):
            text = "\n".join([program, *reference.tests])
            done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True)
            assert bool(done.returncode) == bool(draw % 2)

    return Case(f"{len(items)} programs", ours, "python -I for each", fresh)
