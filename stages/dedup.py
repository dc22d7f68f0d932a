"""dedup: samples → distinct reasoning paths, split into steps.

Two samples of a problem take the same path when they state the same equations in the same order
and end in the same answer (RFT's key; SIPF 3.1). Texts without an equation compare by their
normalised words, so they are not all merged into one.
"""

import polars as pl

from schemas.paths import Paths
from schemas.problems import Problems
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.identity import digest
from stages.stage import now, once, stage
from stages.tasks.equations import equations, normalised
from stages.tasks.task import Task, TaskSettings, named


def fingerprint(text: str, extracted: str | None) -> str:
    """The same for two texts that reason alike."""
    found = equations(text)
    return digest("equations", *found, extracted) if found else digest("text", normalised(text))


def distinct(samples: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """One row per (problem, fingerprint): its samples in the order drawn, the first one's text."""
    judged = samples.join(verdicts.select("sample_id", "outcome", "extracted"), on="sample_id")
    prints = [fingerprint(*row) for row in judged.select("text", "extracted").rows()]
    return (
        judged.with_columns(pl.Series("fingerprint", prints, pl.String))
        .sort("problem_id", "attempt", "draw", "sample_id")
        .group_by("problem_id", "fingerprint", maintain_order=True)
        .agg(
            sample_ids=pl.col("sample_id"),
            text=pl.col("text").first(),
            correct=(pl.col("outcome") == "correct").first(),
        )
    )


def in_steps(paths: pl.DataFrame, problems: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Adds steps, and their truth where the task can tell."""
    gold = paths.join(
        problems.select("problem_id", "rationale"), on="problem_id", maintain_order="left"
    )
    steps = [task.split(text) for text in gold["text"]]
    truth = [task.truth(r, s) for r, s in zip(gold["rationale"].to_list(), steps, strict=True)]
    return paths.with_columns(
        pl.Series("steps", steps, pl.List(pl.String)),
        pl.Series("truth", truth, pl.List(pl.Boolean)),
    )


@stage(
    reads={"problems": once(Problems), "samples": now(Samples), "verdicts": now(Verdicts)},
    writes=[now(Paths)],
    sections=[TaskSettings],
)
def dedup(
    problems: pl.DataFrame, samples: pl.DataFrame, verdicts: pl.DataFrame, task: TaskSettings
) -> pl.DataFrame:
    """The distinct paths of the iteration."""
    paths = in_steps(distinct(samples, verdicts), problems, named(task.name))
    ids = [digest(*row) for row in paths.select("problem_id", "fingerprint").rows()]
    return paths.with_columns(
        pl.Series("path_id", ids, pl.String),
        kept=True,
        duplicate_of=pl.lit(None, pl.String),
    )


if __name__ == "__main__":
    dedup.main()
