"""Rows of `samples`: each request, its completion and its provenance."""

import polars as pl

from stages.engines.engine import Sampling
from stages.engines.sampler import Sampler
from stages.pipeline.digests import digest


def sample_rows(
    sampler: Sampler, asked: pl.DataFrame, sampling: Sampling, what: str
) -> pl.DataFrame:
    """One completion for each row (problem_id, prompt, draw), with its provenance.

    Adds text, n_tokens, logprob, finish, seed, sample_id, engine, model_digest, prompt_digest.
    """
    requests = sampler.requests(asked["prompt"].to_list(), asked["draw"].to_list(), sampling)
    completions = sampler.sample(requests, sampling, what)
    origin = (sampler.version, sampler.model_digest)
    ids = [
        digest(*origin, problem, request.seed, request.draw)
        for problem, request in zip(asked["problem_id"], requests, strict=True)
    ]
    return asked.with_columns(
        pl.Series("text", [c.text for c in completions], pl.String),
        pl.Series("n_tokens", [c.n_tokens for c in completions], pl.Int32),
        pl.Series("logprob", [c.logprob for c in completions], pl.Float64),
        pl.Series("finish", [c.finish for c in completions], pl.String),
        pl.Series("seed", [r.seed for r in requests], pl.Int64),
        pl.Series("sample_id", ids, pl.String),
        pl.Series("prompt_digest", [digest(p) for p in asked["prompt"]], pl.String),
        engine=pl.lit(sampler.version),
        model_digest=pl.lit(sampler.model_digest),
        recorded_correct=pl.lit(None, pl.Boolean),
    )
