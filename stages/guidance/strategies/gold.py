"""Gold supplement (GSI §4, Figure 2): a problem that no draw solved gets its gold rationale."""

from collections.abc import Sequence

import polars as pl

from stages.guidance.rounds import Case
from stages.guidance.strategy import Strategy
from stages.pipeline.digests import digest


def gold_samples(cases: Sequence[Case]) -> pl.DataFrame:
    """Rows of `samples`, ungraded: the gold rationales of the problems without a right attempt."""
    unsolved = [case for case in cases if not any(a.correct for a in case.history)]
    texts = ["".join(case.problem.rationale) for case in unsolved]
    problem_ids = [case.problem.problem_id for case in unsolved]
    return pl.DataFrame(
        {
            "problem_id": problem_ids,
            "sample_id": [digest("gold", *row) for row in zip(problem_ids, texts, strict=True)],
            "prompt_digest": [digest(case.problem.prompt) for case in unsolved],
            "text": texts,
            "hint": texts,
            "draw": [case.next_draw for case in unsolved],
        },
        schema={
            **dict.fromkeys(
                ("problem_id", "sample_id", "prompt_digest", "text", "hint"), pl.String
            ),
            "draw": pl.Int32,
        },
    ).with_columns(
        strategy=pl.lit("gold"),
        attempt=1,
        revealed=1.0,
        n_tokens=0,
        logprob=pl.lit(None, pl.Float64),
        finish=pl.lit("imported"),
        seed=0,
        engine=pl.lit("gold"),
        model_digest=pl.lit("gold"),
        parent=pl.lit(None, pl.String),
        recorded_correct=pl.lit(None, pl.Boolean),
    )


STRATEGY = Strategy(own_samples=gold_samples, needs_rationale=True)
