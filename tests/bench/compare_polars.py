"""What `ratchet compare` counts, in polars: joins of the columns that each count needs."""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl

from schemas.store import FILE


def main(a: Path, b: Path) -> None:
    """Writes the counts by name to polars.json."""

    def sides(noun: str, *columns: str) -> list[pl.DataFrame]:
        found = [next((run / "data" / noun).rglob(FILE)) for run in (a, b)]
        return [pl.read_parquet(file, columns=list(columns), hive_partitioning=False)
                for file in found]  # fmt: skip

    counts: dict[str, Any] = {}
    for noun, key in KEYS.items():
        one, other = sides(noun, *key)
        n_both = one.join(other, on=key, how="semi").height
        counts[noun] = [other.height - n_both, one.height - n_both]
    one, other = sides("verdicts", "sample_id", "outcome")
    flips = one.join(other, on="sample_id").filter(pl.col("outcome") != pl.col("outcome_right"))
    counts["flips"] = sorted(map(list, flips.group_by("outcome", "outcome_right").len().rows()))
    one, other = sides("step_labels", "path_id", "step", "label")
    turned = one.join(other, on=["path_id", "step"]).filter(
        pl.col("label") != pl.col("label_right")
    )
    counts["labels"] = [turned.filter(pl.col("label_right") == to).height for to in (True, False)]
    one, other = sides("path_scores", "path_id", "reward")
    shift = one.join(other, on="path_id").select(pl.col("reward_right") - pl.col("reward"))
    counts["rewards"] = [(shift != 0).to_series().sum(), shift.to_series().abs().mean()]
    one, other = sides("coverage", "problem_id", "n_correct", "tail_after")
    both = one.join(other, on="problem_id")
    solved = [pl.col(f"n_correct{end}") > 0 for end in ("", "_right")]
    counts["problems"] = [both.filter(~solved[0] & solved[1]).height,
                          both.filter(solved[0] & ~solved[1]).height]  # fmt: skip
    entered = pl.col("tail_after_right") & ~pl.col("tail_after")
    counts["tail"] = both.filter(entered).height
    Path("polars.json").write_text(json.dumps(counts))


KEYS = {
    "problems": ["problem_id"],
    "samples": ["sample_id"],
    "verdicts": ["sample_id"],
    "paths": ["path_id"],
    "step_labels": ["path_id", "step"],
    "path_scores": ["path_id"],
    "pairs": ["pair_id"],
    "coverage": ["problem_id"],
}

if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
