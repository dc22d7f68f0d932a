"""Rows of `samples`: requests with their completions and provenance."""

from collections.abc import Sequence

import polars as pl

from stages.engines.engine import Completion
from stages.engines.sampler import Sampler
from stages.models.sampling import Sampling
from stages.pipeline.digests import digest


def sample_rows(
    sampler: Sampler, rows: pl.DataFrame, sampling: Sampling, what: str
) -> pl.DataFrame:
    """Draws one completion for each row (problem_id, prompt, draw), which keeps its columns.

    With a column `start` the answers begin with it; `text` is what the model adds. With a column
    `kind` the texts end where the solution does.
    Adds text, n_tokens, logprob, finish, seed, sample_id, engine, model_digest, prompt_digest
    and an empty recorded_correct. `what` names the work in the progress bar.
    """
    starts = rows["start"].to_list() if "start" in rows.columns else None
    prompts, draws = rows["prompt"].to_list(), rows["draw"].to_list()
    requests = sampler.requests(prompts, draws, sampling, starts)
    completions = own_completions(
        sampler.sample(requests, sampling, what),
        rows["kind"].to_list() if "kind" in rows.columns else None,
        starts,
    )
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


def own_completions(
    completions: Sequence[Completion],
    kinds: Sequence[str] | None,
    starts: Sequence[str | None] | None = None,
) -> list[Completion]:
    """The completions without what a model wrote after its solution (`stages.grading.own_text`).

    All tokens drawn are counted, but the log-probability of a shorter text isn't known.
    """
    if kinds is None:
        return list(completions)
    befores = starts or [""] * len(completions)
    return [
        _own_completion(completion, kind, before or "")
        for completion, kind, before in zip(completions, kinds, befores, strict=True)
    ]


def _own_completion(completion: Completion, kind: str, start: str) -> Completion:
    from stages.grading.kinds import cut_after_solution  # which compiles much

    text = cut_after_solution(kind, completion.text, start)
    if len(text) == len(completion.text):
        return completion
    return completion._replace(text=text, logprob=None, finish="stop")
