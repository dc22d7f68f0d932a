"""The samples that two sides graded differently, as the view `verdict_flips` has them."""

import polars as pl

from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.explore.comparison.shared_rows import SharedRows

KEY = ["iteration", "sample_id"]
SHOWN = ["outcome", "extracted", "grader"]
COLUMNS = [
    "iteration", "problem_id", "sample_id",
    *(f"{name}_{side}" for name in SHOWN for side in "ab"),
    "reference", "same_text",
]  # fmt: skip


def find_verdict_flips(shared: SharedRows, answers: pl.DataFrame) -> pl.DataFrame:
    """One row per sample that the two sides graded differently.

    answers: problem_id and reference. Texts are read of these samples alone.
    """
    flips = pl.concat(_flips(shared))
    for index, side in enumerate("ab"):
        texts = shared.rows_of_keys(index, Samples, flips, *KEY, "text")
        flips = flips.join(texts.rename({"text": f"text_{side}"}), on=KEY, how="left")
    flips = flips.join(answers, on="problem_id", how="left")
    return flips.with_columns(same_text=pl.col("text_a") == pl.col("text_b")).select(COLUMNS)


def _flips(shared: SharedRows) -> list[pl.DataFrame]:
    names = [*KEY, "problem_id", *SHOWN]
    frames = []
    for partition in shared.partitions(Verdicts):
        outcomes = [side["outcome"] for side in partition.read(Verdicts, "outcome")]
        differing = partition.where(outcomes[0].ne_missing(outcomes[1]).to_numpy())
        a, b = differing.read(Verdicts, *names)
        shown = [side[name].alias(f"{name}_{end}")
                 for name in SHOWN for side, end in ((a, "a"), (b, "b"))]  # fmt: skip
        frames.append(b.select(*KEY, "problem_id", *shown))
    return frames
