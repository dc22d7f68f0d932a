"""Comparing two runs of five million samples each, against the same counts in polars.

By itself: python -m tests.bench.compare A B, two folders of runs; writes compared.json.
"""

import json
import shutil
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import duckdb

from schemas import store
from schemas.catalog import TABLE_OF_NOUN
from schemas.coverage import Coverage
from stages.explore import output
from stages.explore.comparison.compare import find_differences
from stages.explore.comparison.sides import attach_revisions
from stages.explore.revisions import Revision
from stages.explore.sql import one_select
from tests.bench import compare_polars, statistics
from tests.bench.case import Case

SAMPLES = 5_000_000
TABLES: dict[str, dict[str, int | str]] = {noun: {"iteration": 1} for noun in compare_polars.KEYS}
TABLES |= {
    "problems": {},
    "samples": {"iteration": 1, "stage": "sample"},
    "verdicts": {"iteration": 1, "stage": "grade"},
}


def case(folder: Path) -> Case:
    """Also 2.5 million paths with their rewards, 7.5 million step labels, 1.25 million pairs.

    The runs differ as two with another grader and labels: 0.1 % of the samples are one side's, 1 %
    of the verdicts, 2 % of the labels, 10 % of the rewards and 20 % of the pairs are others. No
    file is the same, so none is skipped. `ratchet compare` also says which flips have one text,
    gives quantiles and examples, and finds reversed pairs, which the other way leaves out.
    """
    runs = folder / "compare"
    generate(runs, SAMPLES)
    peaks: dict[str, float] = {}

    def ours() -> None:
        peaks["ours"] = statistics.peak_gb(runs, "tests.bench.compare", "a", "b")

    def other() -> None:
        peaks["polars"] = statistics.peak_gb(runs, "tests.bench.compare_polars", "a", "b")

    def notes() -> list[str]:
        must_agree(runs)
        return [f"peak memory of {name}: {peak:.1f} GB" for name, peak in peaks.items()]

    work = f"two runs of {SAMPLES:,} samples compared"
    return Case(work, ours, "polars", other, notes=notes, rounds=1)


def generate(runs: Path, n_samples: int) -> None:
    """The tables of both runs, in `runs`/a and `runs`/b."""
    statistics.generate(runs / "a", n_samples)
    shutil.rmtree(runs / "a" / store.folder(Coverage, iteration=0))  # the statistics' alone
    for run in ("a", "b"):
        for noun, partition in TABLES.items():
            where = store.folder(TABLE_OF_NOUN[noun], **partition)
            (runs / run / where).mkdir(parents=True, exist_ok=True)
    with chdir(runs / "b"), duckdb.connect() as connection:
        connection.execute("set memory_limit = '4GB'")
        connection.execute(Path(__file__).with_suffix(".sql").read_text())


def must_agree(runs: Path) -> None:
    """What polars counted is what the command says."""
    found = json.loads((runs / "compared.json").read_text())
    counts: dict[str, Any] = {
        row["table"]: [row["n_added"], row["n_removed"]]
        for row in found["tables"]
        if row["table"] in compare_polars.KEYS
    }
    counts["flips"] = sorted([r["outcome_a"], r["outcome_b"], r["n"]] for r in found["verdicts"])
    (labels,) = (row for row in found["step_labels"] if row["iteration"] == 1)
    counts["labels"] = [labels["n_to_right"], labels["n_to_wrong"]]
    (rewards,) = found["rewards"]
    counts["rewards"] = [rewards["n_shifted"], rewards["shift_abs_mean"]]
    moved = [sum(row[name] for row in found["problems"]) for name in ("n_gained", "n_lost")]
    counts["problems"] = moved
    after = [row["n_entered"] for row in found["tail"] if row["moment"] == "after"]
    counts["tail"] = sum(after)
    theirs = json.loads((runs / "polars.json").read_text())
    assert abs(counts["rewards"].pop() - theirs["rewards"].pop()) < 1e-9
    assert counts == theirs, (counts, theirs)


def main(a: str, b: str) -> None:
    """What `ratchet compare A B --json` prints, of two folders."""
    with one_select.temporary_connection("4GB") as connection:
        runs = [Revision(name, Path(name), {}) for name in (a, b)]
        Path("compared.json").write_text(
            output.dumps(find_differences(attach_revisions(connection, *runs)))
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
