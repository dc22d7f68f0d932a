"""stats: coverage by problem, and the budget and data sizes of the iteration (SIPF Tables 6-7)."""

import polars as pl

from schemas.corrections import Corrections
from schemas.coverage import Coverage
from schemas.evaluations import Evaluations
from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.progress import Progress
from schemas.samples import Samples
from schemas.step_labels import StepLabels
from schemas.verdicts import Verdicts
from stages.identity import digest
from stages.stage import now, once, previous, stage
from stages.tail import GuideSettings, in_tail


def cover(
    problems: pl.DataFrame,
    samples: pl.DataFrame,
    verdicts: pl.DataFrame,
    old: pl.DataFrame,
    tail_below: float,
) -> pl.DataFrame:
    """Rows of `coverage`: one per training problem that was ever drawn for."""
    judged = samples.join(verdicts.select("sample_id", "outcome"), on="sample_id").with_columns(
        right=pl.col("outcome") == "correct",
        plain=pl.col("strategy").is_in(["unguided", "imported"]),
    )
    counts = judged.group_by("problem_id").agg(
        n_drawn=pl.len(),
        n_correct=pl.col("right").sum(),
        plain_rate=pl.col("right").filter("plain").mean(),
        n_tokens=pl.col("n_tokens").cast(pl.Int64).sum(),
    )
    before = old.filter("solved_ever").select("problem_id", was_solved=True)
    drawn = pl.concat([counts.select("problem_id"), old.select("problem_id")]).unique()
    return (
        drawn.join(problems.select("problem_id", "level"), on="problem_id")
        .join(counts, on="problem_id", how="left")
        .join(before, on="problem_id", how="left")
        .with_columns(
            pl.col("n_drawn", "n_correct", "n_tokens").fill_null(0),
            pl.col("was_solved").fill_null(False),
        )
        .with_columns(
            solve_rate=pl.when(pl.col("n_drawn") > 0).then(pl.col("n_correct") / pl.col("n_drawn")),
            solved_ever=pl.col("was_solved") | (pl.col("n_correct") > 0),
            tail_before=in_tail("plain_rate", tail_below),
        )
        .with_columns(tail_after=in_tail("solve_rate", tail_below))
    )


def sizes(
    coverage: pl.DataFrame,
    paths: pl.DataFrame,
    step_labels: pl.DataFrame,
    corrections: pl.DataFrame,
    pairs: pl.DataFrame,
    examples: pl.DataFrame,
) -> dict[str, object]:
    """The counts of one row of `progress`."""
    asked = coverage.filter(pl.col("n_drawn") > 0)
    solved = asked.filter(pl.col("n_correct") > 0).height
    rolled = step_labels.filter(pl.col("labeler") == "rollouts").unique(["path_id", "step"])
    return {
        "n_problems": asked.height,
        "n_solved": solved,
        "n_solved_ever": int(coverage["solved_ever"].sum()),
        "coverage": solved / asked.height if asked.height else 0.0,
        "n_draws": int(coverage["n_drawn"].sum()),
        "n_draws_correct": int(coverage["n_correct"].sum()),
        "n_tokens": int(coverage["n_tokens"].sum()),
        "n_paths": paths.height,
        "n_paths_correct": int(paths["correct"].sum()),
        "n_steps_labelled": step_labels.height,
        "n_rollouts": int(rolled["n_rollouts"].sum()),
        "n_corrections": corrections["correction"].drop_nulls().len(),
        "n_pairs": pairs.height,
        "n_pairs_wrong_chosen": int((~pairs["chosen_correct"]).sum()),
        "n_examples": examples.height,
    }


@stage(
    reads={
        "problems": once(Problems),
        "samples": now(Samples),
        "verdicts": now(Verdicts),
        "paths": now(Paths),
        "step_labels": now(StepLabels),
        "corrections": now(Corrections),
        "pairs": now(Pairs),
        "examples": now(Examples),
        "old_coverage": previous(Coverage),
        "old_progress": previous(Progress),
        "old_evaluations": previous(Evaluations),
    },
    writes=[now(Coverage), now(Progress)],
    sections=[GuideSettings],
)
def stats(
    problems: pl.DataFrame,
    samples: pl.DataFrame,
    verdicts: pl.DataFrame,
    paths: pl.DataFrame,
    step_labels: pl.DataFrame,
    corrections: pl.DataFrame,
    pairs: pl.DataFrame,
    examples: pl.DataFrame,
    old_coverage: pl.DataFrame,
    old_progress: pl.DataFrame,
    old_evaluations: pl.DataFrame,
    guide: GuideSettings,
) -> dict[str, pl.DataFrame]:
    """Coverage and progress of the iteration."""
    coverage = cover(problems, samples, verdicts, old_coverage, guide.tail_below)
    row = sizes(coverage, paths, step_labels, corrections, pairs, examples)
    seen = [samples, verdicts, paths, step_labels, corrections, pairs, examples]
    seen += [coverage, old_evaluations]
    contents = [content_digest(frame) for frame in seen]
    row["lineage"] = digest(old_progress["lineage"][0], *row.values(), *contents)
    return {"coverage": coverage, "progress": pl.DataFrame([row])}


def content_digest(frame: pl.DataFrame) -> str:
    """Digest of a frame's rows, whatever their order."""
    return digest(*sorted(frame.hash_rows(seed=0).to_list()))


if __name__ == "__main__":
    stats.main()
