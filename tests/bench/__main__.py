"""`make bench`: each line compares two ways of doing the same work, in this process, in turns."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import dedup, engine, grading, ledger, sandbox

ROUNDS = 3
CASES = [engine.case, grading.invented, sandbox.case, dedup.case, ledger.case]
if os.environ.get("RATCHET_DATASETS"):
    CASES.insert(2, grading.recorded)


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Runs every pair of ways ROUNDS times, alternating, and prints medians and their ratio."""
    table = Table(title=f"median of {ROUNDS} rounds, the two in turns")
    for heading in ("work", "ours, s", "the other way", "other, s", "ratio"):
        table.add_column(
            heading, justify="left" if heading in ("work", "the other way") else "right"
        )
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for make in CASES:
            case = make(Path(folder))
            case.ours(), case.other()
            pairs = [(seconds(case.ours), seconds(case.other)) for _ in range(ROUNDS)]
            ours, other = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            table.add_row(
                case.work, f"{ours:.2f}", case.other_way, f"{other:.2f}", f"{ratio:.1f} x"
            )
            if case.differences:
                differ = case.differences()
                notes += [f"{case.work}: {len(differ)} differ", *(f"  {line}" for line in differ)]
    Console().print(table, *notes, sep="\n")


if __name__ == "__main__":
    main()
