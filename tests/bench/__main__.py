"""`make bench`: each line compares two ways of doing the same work, in this process, in turns.

`python -m tests.bench statistics compare` makes the lines of these modules alone.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench import (
    compare,
    dedup,
    engine,
    grading,
    labels,
    ledger,
    sandbox,
    start_up,
    statistics,
)

CASES = [
    engine.draws,
    engine.rollouts,
    grading.invented,
    sandbox.case,
    dedup.case,
    ledger.case,
    ledger.as_drawn,
    ledger.as_merged,
    labels.case,
    statistics.case,
    compare.case,
    start_up.idle_stage,
    start_up.stage_help,
    start_up.first_line,
]
if os.environ.get("RATCHET_DATASETS"):
    CASES.insert(3, grading.recorded)


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Runs every pair of ways, alternating, and prints medians of the rounds and their ratio."""
    table = Table(title="medians of the rounds, the two ways in turns")
    for heading in ("work", "ours, s", "the other way", "other, s", "ratio"):
        table.add_column(
            heading, justify="left" if heading in ("work", "the other way") else "right"
        )
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for make in CASES:
            if sys.argv[1:] and make.__module__.rpartition(".")[2] not in sys.argv[1:]:
                continue
            case = make(Path(folder))
            if case.rounds > 1:
                case.ours(), case.other()
            pairs = [(seconds(case.ours), seconds(case.other)) for _ in range(case.rounds)]
            ours, other = (median(side) for side in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            table.add_row(
                case.work, f"{ours:.2f}", case.other_way, f"{other:.2f}", f"{ratio:.1f} x"
            )
            if case.differences:
                differ = case.differences()
                notes += [f"{case.work}: {len(differ)} differ", *(f"  {line}" for line in differ)]
            if case.notes:
                notes += [f"{case.work}: {line}" for line in case.notes()]
    Console().print(table, *notes, sep="\n")


if __name__ == "__main__":
    main()
