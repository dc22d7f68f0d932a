"""perplexity: how surprising right paths and gold rationales are to a model that never changes.

GSI §7.3 compares the perplexity of self-generated data with that of gold data, under one
reference model for all iterations; `stats` puts the two distributions side by side.
"""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.paths import Paths
from schemas.perplexities import Perplexities
from schemas.problems import Problems
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.models.folders import is_empty, require_model
from stages.models.model_settings import ModelSettings
from stages.pipeline.digests import digest
from stages.pipeline.inputs import Model, Now, Once, now
from stages.pipeline.params import Section
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun


class PerplexitySettings(Section):
    """Section `perplexity`."""

    section: ClassVar[str] = "perplexity"
    reference: Literal["sft", "base", "none"]
    max_texts: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    max_length: int = Field(ge=8)


def choose_texts(problems: pl.DataFrame, paths: pl.DataFrame, most: int) -> pl.DataFrame:
    """origin, text_id, problem_id, prompt, text: at most `max_texts` of each origin.

    Only the ids decide which ones, so the gold texts of two iterations that ask the
    same problems are the same. Paths need no shuffling: their ids are digests.
    """
    with_rationale = problems.filter(pl.col("rationale").list.len() > 0)
    asked = with_rationale.join(paths, on="problem_id", how="semi").select("problem_id")
    order = pl.col("problem_id").map_elements(_shuffle_key, pl.String)
    gold = asked.sort(order).head(most).join(with_rationale, on="problem_id", maintain_order="left")
    right = paths.filter(pl.col("kept") & pl.col("correct") & (pl.col("steps").list.len() > 0))
    sampled = right.bottom_k(most, by="path_id").sort("path_id")
    prompts = problems.select("problem_id", "prompt")
    sampled = sampled.join(prompts, on="problem_id", maintain_order="left")
    return pl.concat([
        _text_rows(gold, "gold", "problem_id", "rationale"),
        _text_rows(sampled, "sampled", "path_id", "steps"),
    ])  # fmt: skip


def _text_rows(rows: pl.DataFrame, origin: str, name: str, steps: str) -> pl.DataFrame:
    return rows.select(
        pl.lit(origin).alias("origin"),
        "problem_id",
        "prompt",
        text_id=name,
        text=pl.col(steps).list.join(""),
    )


def _shuffle_key(name: str) -> str:
    return digest("perplex", name)


@stage(writes=[now(Perplexities)])
def perplexity(
    problems: Once[Problems],
    paths: Now[Paths],
    base: Model.base,
    first: Model.sft,
    perplexity: PerplexitySettings,
    model: ModelSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> pl.DataFrame:
    """Measures the right kept paths and the gold rationales of the problems asked."""
    texts = choose_texts(problems, paths, perplexity.max_texts)
    if perplexity.reference == "none" or texts.is_empty():
        return Perplexities.create_empty()
    folder = {"base": base, "sft": first}[perplexity.reference]
    if is_empty(folder):
        return Perplexities.create_empty()
    from stages.models.likelihood import negative_log_likelihoods

    device = set_up(compute, stage_run.seed)
    measured = negative_log_likelihoods(
        require_model(folder),
        texts,
        perplexity.batch_size,
        perplexity.max_length,
        device,
    )
    counts = {"n_tokens": pl.Int32, "nll_mean": pl.Float64}
    found = pl.DataFrame(measured, schema=counts, orient="row")
    return pl.concat([texts, found], how="horizontal").filter(pl.col("n_tokens") > 0)


if __name__ == "__main__":
    perplexity.main()
