"""Right answers known to be reachable from a prefix, besides its own rollouts: `label.evidence`.

later: a rollout from a later prefix that ended right also began with each earlier one. outcome: so
did a right path whose first sample the simulator drew as it would draw a rollout; its seed, which
depends on the prompt, the settings and the index, shows that. Both prove that a right answer can be
reached, which is the hard label at delta = 0. They are not random draws: paths are selected by
outcome, and a later prefix is itself a continuation of this one. So they are counted separately
(n_evidence), and the share of right rollouts is that of the rollouts alone.

Where right answers often come from wrong steps, this evidence labels wrong steps as right.
"""

from pathlib import Path

import polars as pl

from stages.engines.sampler import Sampler
from stages.models.sampling import Sampling
from stages.pipeline.digests import digest

NO_EVIDENCE = pl.DataFrame(schema={"prefix_id": pl.String, "n": pl.Int32})
"""Right samples of no prefix."""


def later_prefixes(inner: pl.DataFrame) -> pl.DataFrame:
    """(prefix_id, later): each prefix and each longer one that continues it, once."""
    steps = inner.select("path_id", "step", "prefix_id")
    prefix_pairs = steps.join(steps.rename({"prefix_id": "later", "step": "at"}), on="path_id")
    return prefix_pairs.filter(pl.col("step") < pl.col("at")).select("prefix_id", "later").unique()


def evidence_counts(
    prefix_counts: pl.DataFrame, later: pl.DataFrame, outcomes: pl.DataFrame, kind: str
) -> pl.DataFrame:
    """(prefix_id, n_evidence), from the rollouts' counts and the right samples (`outcomes`)."""
    right = prefix_counts.select(pl.col("prefix_id").alias("later"), n="n_correct")
    beyond = later.join(right, on="later").select("prefix_id", "n")
    sources = {"later": [beyond], "outcome": [outcomes], "both": [beyond, outcomes]}.get(kind, [])
    return (
        pl.concat([NO_EVIDENCE, *sources]).group_by("prefix_id").agg(n_evidence=pl.col("n").sum())
    )


def right_samples(
    paths: pl.DataFrame,
    samples: list[Path],
    problems: pl.DataFrame,
    sampler: Sampler,
    sampling: Sampling,
) -> pl.DataFrame:
    """(prefix_id, n): how many right paths, drawn like rollouts, begin with the prefix."""
    columns = ["sample_id", "problem_id", "draw", "seed", "model_digest"]
    same = (
        pl.scan_parquet(samples, hive_partitioning=False)
        .select(columns)
        .filter(pl.col("model_digest") == sampler.model_digest)
        .collect()
        .join(problems.select("problem_id", "prompt"), on="problem_id")
    )
    requests = sampler.requests(same["prompt"].to_list(), same["draw"].to_list(), sampling)
    seeds = pl.Series("own_seed", [request.seed for request in requests], pl.Int64)
    own = same.with_columns(seeds).filter(pl.col("seed") == pl.col("own_seed"))
    right = paths.filter("correct").with_columns(sample_id=pl.col("sample_ids").list.first())
    right = right.join(own, on="sample_id", how="semi")
    prefix_ids = [
        digest(problem, "".join(steps[: step + 1]))
        for problem, steps in right.select("problem_id", "steps").rows()
        for step in range(len(steps) - 1)
    ]
    prefixes = pl.DataFrame({"prefix_id": prefix_ids}, schema={"prefix_id": pl.String})
    return prefixes.group_by("prefix_id").agg(n=pl.len().cast(pl.Int32))
