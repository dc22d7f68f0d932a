"""pair: what the model is trained on.

Pairs: two paths of a problem whose rewards differ by at least the margin (SIPF §2.4, Eq. 6), a
right path over a wrong one, or a corrected step over the wrong one. Examples: right paths to
imitate, as many right as wrong ones (Step-KTO §2.4), or gold rows. Where paths accumulate
(`dedup.cumulative`), rows are made anew from all of them each time.
"""

import polars as pl

from schemas.corrections import Corrections
from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.path_scores import PathScores
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.rollouts import Rollouts
from schemas.step_labels import StepLabels
from stages.guidance.tail import GuideSettings, in_tail
from stages.pipeline.inputs import Now, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.training_rows.candidates import PairSettings, candidates, rollout_candidates
from stages.training_rows.gold_rows import gold_rows
from stages.training_rows.preferences import pairs_of_examples, path_pairs, step_pairs
from stages.training_rows.sufficiency import require_feedback, require_rows
from stages.training_rows.unpaired import balanced_examples, right_examples


@stage(writes=[now(Pairs), now(Examples)])
def pair(
    problems: Once[Problems],
    paths: Now[Paths],
    path_scores: Now[PathScores],
    step_labels: Now[StepLabels],
    rollouts: Now[Rollouts],
    corrections: Now[Corrections],
    pair: PairSettings,
    guide: GuideSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """The training rows of one iteration."""
    known = pl.concat(
        [candidates(paths, path_scores, step_labels, pair), rollout_candidates(rollouts)]
    )
    require_feedback(known, path_scores, corrections, pair)
    pairs, examples = new_rows(known, corrections, problems, pair, stage_run.iteration)
    if pair.rows == "gold" and pair.gold_of != "demonstrated":
        asked = paths if pair.gold_of == "drawn" else tail_paths(paths, guide.tail_below)
        examples = gold_rows(undemonstrated_problems(problems, asked), made_in=stage_run.iteration)
    if pair.rows == "gold" or pair.with_gold:
        gold = gold_rows(problems.filter("demonstrated"), made_in=0)
        gold = gold.join(examples, on="example_id", how="anti")
        examples = pl.concat([examples.select(gold.columns), gold], how="vertical_relaxed")
    require_rows(pairs, examples, known, pair)
    return {"pairs": pairs, "examples": examples}


def new_rows(
    known: pl.DataFrame,
    corrections: pl.DataFrame,
    problems: pl.DataFrame,
    settings: PairSettings,
    iteration: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(pairs, examples) made of this iteration's candidates and corrections."""
    pairs: pl.DataFrame = Pairs.create_empty()
    examples: pl.DataFrame = Examples.create_empty()
    row_kind = "none" if settings.feedback == "none" else settings.rows
    if row_kind == "pairs":
        pairs = path_pairs(known, problems, settings)
        if settings.keep_unpaired:
            alone = known.join(pairs, on="problem_id", how="anti")
            examples = right_examples(alone, problems, settings)
    elif row_kind == "steps":
        pairs = step_pairs(corrections, problems, settings.limit, iteration)
    elif row_kind == "examples":
        examples = right_examples(known, problems, settings)
    elif settings.is_balanced and row_kind != "none":
        examples = balanced_examples(known, problems, settings, iteration)
        if row_kind == "balanced_pairs":
            return pairs_of_examples(examples), Examples.create_empty()
        if row_kind == "balanced_right":
            examples = examples.filter("correct")
    return pairs, examples


def tail_paths(paths: pl.DataFrame, below: float) -> pl.DataFrame:
    """The paths of problems that this iteration's samples solve too rarely."""
    n = pl.col("sample_ids").list.len()
    rates = paths.group_by("problem_id").agg(rate=n.filter("correct").sum() / n.sum())
    return paths.join(rates.filter(in_tail("rate", below)), on="problem_id", how="semi")


def undemonstrated_problems(problems: pl.DataFrame, paths: pl.DataFrame) -> pl.DataFrame:
    """The sampled problems that have a gold rationale which is not in D0."""
    hidden = problems.filter(~pl.col("demonstrated") & (pl.col("rationale").list.len() > 0))
    return hidden.join(paths, on="problem_id", how="semi")


if __name__ == "__main__":
    pair.main()
