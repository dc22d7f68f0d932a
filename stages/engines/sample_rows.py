"""Rows of `samples`: requests with their completions and provenance."""

import polars as pl

from stages.engines.sampler import Sampler
from stages.models.sampling import Sampling
from stages.pipeline.digests import digest


def sample_rows(
    sampler: Sampler, rows: pl.DataFrame, sampling: Sampling, what: str
) -> pl.DataFrame:
    """Draws one completion for each row (problem_id, prompt, draw), which keeps its columns.

    With a column `start` the answers begin with it; `text` is what the model adds.
    Adds text, n_tokens, logprob, finish, seed, sample_id, engine, model_digest, prompt_digest
    and an empty recorded_correct. `what` names the work in the progress bar.
    """
    starts = rows["start"].to_list() if "start" in rows.columns else None
    prompts, draws = rows["prompt"].to_list(), rows["draw"].to_list()
    requests = sampler.requests(prompts, draws, sampling, starts)
    completions = sampler.sample(requests, sampling, what)
    origin = (sampler.version, sampler.model_digest)
    ids = [
        digest(*origin, problem, request.seed, request.draw)
        for problem, request in zip(rows["problem_id"], requests, strict=True)
    ]
    return rows.with_columns(
        pl.Series("text", [c.text for c in completions], pl.String),
        pl.Series("n_tokens", [c.n_tokens for c in completions], pl.Int32),
        pl.Series("logprob", [c.logprob for c in completions], pl.Float64),
        pl.Series("finish", [c.finish for c in completions], pl.String),
        pl.Series("seed", [r.seed for r in requests], pl.Int64),
        pl.Series("sample_id", ids, pl.String),
        pl.Series("prompt_digest", [digest(r.text) for r in requests], pl.String),
        engine=pl.lit(sampler.version),
        model_digest=pl.lit(sampler.model_digest),
        recorded_correct=pl.lit(None, pl.Boolean),
    )
