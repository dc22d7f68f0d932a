"""dedup: samples → distinct reasoning paths, split into steps.

Mathematics: two samples of a problem take the same path when they state the same equations in the
same order and end in the same answer, however written (RFT's key; SIPF §2.1). The sample least like
the other paths represents the path. Texts without an equation are compared by their normalised
words, so they do not all become one path. Programs that are nearly equal, by edit distance, are one
path (SIPF §2.1); a right one never represents a wrong one. The order of the rows has no effect.

With `keep=all` each sample is a path of its own, as in GSI §3.1, which trains on duplicates too.

With `cumulative` earlier iterations' paths stay: D_k = D_{k-1} + new paths (SIPF Algorithm 1).
All of them are then scored and paired anew, so the sides of a pair can come from two iterations.
"""

from itertools import chain
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.paths import Paths
from schemas.problems import Problems
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.grading.reference import PROGRAM_KINDS
from stages.pipeline.digests import digest
from stages.pipeline.inputs import Now, Once, Previous, now
from stages.pipeline.params import Section
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.solutions.fingerprint import fingerprints, strip_blanks
from stages.solutions.similarity import most_different_index, representative_indices
from stages.tasks.task import TaskSettings, load_task


class DedupSettings(Section):
    """Section `dedup`."""

    section: ClassVar[str] = "dedup"
    keep: Literal["distinct", "all"]
    cumulative: bool
    similarity: float = Field(gt=0, le=1)


def distinct_paths(
    samples: pl.DataFrame, verdicts: pl.DataFrame, problems: pl.DataFrame, all_samples: bool = False
) -> pl.DataFrame:
    """One row per (problem, fingerprint); its samples begin with the representative.

    all_samples: each sample has a fingerprint of its own.
    """
    graded = samples.join(verdicts.select("sample_id", "outcome", "extracted"), on="sample_id")
    graded = graded.join(problems.select("problem_id", "kind"), on="problem_id")
    prints = fingerprints(graded)
    if all_samples:
        prints = [digest(*row) for row in zip(prints, graded["sample_id"], strict=True)]
    groups = (
        graded.with_columns(pl.Series("fingerprint", prints, pl.String))
        .sort("problem_id", "attempt", "draw", "sample_id")
        .group_by("problem_id", "kind", "fingerprint", maintain_order=True)
        .agg("sample_id", "text", correct=pl.col("outcome") == "correct")
    )
    return _representative_first(groups)


def _representative_first(groups: pl.DataFrame) -> pl.DataFrame:
    """Puts first in each group the sample least like the first ones of the other groups."""
    texts, first = pl.col("text"), pl.col("text").list.first()
    positions = pl.int_range(pl.len()).over("problem_id").alias("position")
    is_contested = ~pl.col("kind").is_in(PROGRAM_KINDS) & (texts.list.n_unique() > 1)
    contested = groups.with_columns(positions).with_row_index("row").filter(is_contested)
    competing = groups.join(contested, on="problem_id", how="semi")
    of_problem = dict(competing.group_by("problem_id", maintain_order=True).agg(first).rows())
    leads = [0] * groups.height
    for row, problem, position, candidates in contested.select(
        "row", "problem_id", "position", "text"
    ).rows():
        firsts = of_problem[problem]
        leads[row] = most_different_index(candidates, [*firsts[:position], *firsts[position + 1 :]])
    lead = pl.Series("lead", leads, pl.UInt32)
    ids, at = pl.col("sample_id"), pl.col("lead")
    rest = pl.concat_list(ids.list.head(at), ids.list.slice(at + 1))
    return groups.with_columns(lead).select(
        "problem_id",
        "kind",
        "fingerprint",
        sample_ids=pl.concat_list(ids.list.get(at), rest),
        text=pl.col("text").list.get(at),
        correct=pl.col("correct").list.get(at),
    )


def mark_near_duplicates(paths: pl.DataFrame, similarity: float) -> pl.DataFrame:
    """Adds kept and duplicate_of: of nearly equal programs of one outcome, one is kept."""
    stand_in: dict[str, str] = {}
    programs = paths.filter(pl.col("kind").is_in(PROGRAM_KINDS))
    for _, group in programs.group_by("problem_id", "correct", maintain_order=True):
        ids = group["path_id"].to_list()
        kept_indices = representative_indices(
            [strip_blanks(text) for text in group["text"]], similarity
        )
        stand_in |= {ids[i]: ids[index] for i, index in enumerate(kept_indices) if index != i}
    other = pl.col("path_id").replace_strict(stand_in, default=None, return_dtype=pl.String)
    return paths.with_columns(duplicate_of=other).with_columns(
        kept=pl.col("duplicate_of").is_null()
    )


def split_into_steps(
    paths: pl.DataFrame, problems: pl.DataFrame, task: TaskSettings
) -> pl.DataFrame:
    """Adds the steps, and whether each is sound where the task can tell."""
    gold = paths.join(
        problems.select("problem_id", "rationale"), on="problem_id", maintain_order="left"
    )
    steps = [task.split(*row) for row in gold.select("text", "kind").rows()]
    truth_of = load_task(task.name).truth
    truth = [truth_of(r, s) for r, s in zip(gold["rationale"].to_list(), steps, strict=True)]
    return paths.with_columns(_list_column(steps), pl.Series("truth", truth, pl.List(pl.Boolean)))


def _list_column(steps: list[list[str]]) -> pl.Series:
    """The column `steps`. (polars makes a series of each list that Python hands it.)"""
    rows = pl.DataFrame({"row": range(len(steps)), "n": map(len, steps)})
    flat = pl.Series("steps", [*chain.from_iterable(steps)], pl.String)
    owners = rows.select(pl.col("row").repeat_by("n").explode().drop_nulls())
    lists = owners.with_columns(flat).group_by("row", maintain_order=True).agg("steps")
    column = rows.join(lists, on="row", how="left", maintain_order="left")["steps"]
    return column.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def add_earlier_paths(new: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """The earlier paths, then those that are new. One that is taken again keeps its text."""
    again = new.select("path_id", later_ids="sample_ids")
    ids = pl.concat_list("sample_ids", pl.col("later_ids").fill_null([]))
    earlier = earlier.join(again, on="path_id", how="left", maintain_order="left")
    fresh = new.join(earlier, on="path_id", how="anti", maintain_order="left")
    earlier = earlier.with_columns(sample_ids=ids, text=pl.col("steps").list.join(""))
    return pl.concat([earlier.select(fresh.columns), fresh], how="vertical_relaxed")


@stage(writes=[now(Paths)])
def dedup(
    problems: Once[Problems],
    samples: Now[Samples],
    verdicts: Now[Verdicts],
    earlier: Previous[Paths],
    task: TaskSettings,
    dedup: DedupSettings,
    stage_run: StageRun,
) -> pl.DataFrame:
    """The distinct paths to train on: the iteration's, and earlier ones if they accumulate."""
    whole = dedup.keep == "all"
    paths = split_into_steps(distinct_paths(samples, verdicts, problems, whole), problems, task)
    ids = [digest(*row) for row in paths.select("problem_id", "fingerprint").rows()]
    made_in = pl.lit(stage_run.iteration, pl.Int16)
    paths = paths.with_columns(pl.Series("path_id", ids, pl.String), made_in=made_in)
    if dedup.cumulative:
        kinds = problems.select("problem_id", "kind")
        paths = add_earlier_paths(paths, earlier.join(kinds, on="problem_id"))
    if whole:
        return paths.with_columns(duplicate_of=pl.lit(None, pl.String), kept=pl.lit(True))
    return mark_near_duplicates(paths, dedup.similarity)


if __name__ == "__main__":
    dedup.main()
