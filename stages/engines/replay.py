"""Recorded completions as samples: runs solutions made elsewhere through the data stages."""

from pathlib import Path

import polars as pl
from pydantic import Field

from schemas.errors import RatchetError
from schemas.rejects import Rejects
from schemas.samples import Samples
from stages.engines.engine import EngineKind, EngineSettings
from stages.pipeline.digests import digest
from stages.tasks.source import rows
from stages.tasks.task import Fault


class ReplaySettings(EngineSettings):
    """Recorded completions. Paths to a row's values are dotted."""

    file: str
    question: str
    completions: list[str] = Field(min_length=1)
    correct: list[str] | None


def replay(settings: ReplaySettings, problems: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(samples, rejects): one sample per completion of each row whose question is a problem's.

    Raises RatchetError if the file can't be read, or no row fits.
    """
    labels: list[str | None] = [*(settings.correct or [])] or [None] * len(settings.completions)
    if len(labels) != len(settings.completions):
        raise RatchetError(
            f"engine.correct has {len(labels)} paths and engine.completions "
            f"{len(settings.completions)}: give one for each completion"
        )
    known = {_collapse_blanks(q): p for p, q in problems.select("problem_id", "question").rows()}
    samples_by_id: dict[str, dict[str, object]] = {}
    rejects: list[dict[str, str]] = []
    for item in rows(settings.file, "train", "engine.file"):
        if isinstance(item, Fault):
            rejects.append(_reject(item.location, item.reason, item.content))
            continue
        location, row = item
        problem = known.get(_collapse_blanks(str(value_at(row, settings.question) or "")))
        if problem is None:
            rejects.append(_reject(location, "its question is no training problem's", str(row)))
            continue
        for draw, (path, label) in enumerate(zip(settings.completions, labels, strict=True)):
            text = value_at(row, path)
            if not isinstance(text, str):
                rejects.append(_reject(f"{location}/{path}", f"has no text at {path}", str(row)))
                continue
            correct = value_at(row, label) if label else None
            name = Path(settings.file).name
            sample_id = digest("replay", name, location, draw, text)
            entry = _sample_row(sample_id, name, problem, draw, text, correct)
            samples_by_id[sample_id] = entry
    if not samples_by_id:
        raise RatchetError(
            f"engine.file: no row of {settings.file} fits a training problem: "
            f"check engine.question and engine.completions ({len(rejects)} rejects)"
        )
    samples = pl.DataFrame(list(samples_by_id.values()), schema=Samples.stored_schema())
    return samples, pl.DataFrame(rejects, schema=Rejects.stored_schema())


def value_at(row: object, path: str) -> object:
    """The value at a dotted path ("solutions.0.text") of JSON; None if there is none."""
    for key in path.split("."):
        if isinstance(row, dict):
            row = row.get(key)
        elif isinstance(row, list) and key.isdigit() and int(key) < len(row):
            row = row[int(key)]
        else:
            return None
    return row


def _collapse_blanks(question: str) -> str:
    return " ".join(question.split())


def _reject(item: str, reason: str, content: str) -> dict[str, str]:
    return {"item": item, "reason": reason, "content": content[:500]}


def _sample_row(
    sample_id: str, file_name: str, problem: str, draw: int, text: str, correct: object
) -> dict[str, object]:
    return {
        "sample_id": sample_id,
        "problem_id": problem,
        "strategy": "imported",
        "attempt": 0,
        "draw": draw,
        "hint": None,
        "revealed": 0.0,
        "text": text,
        "n_tokens": 0,
        "logprob": None,
        "finish": "imported",
        "seed": 0,
        "engine": f"replay-{file_name}",
        "model_digest": "imported",
        "prompt_digest": digest(problem),
        "parent": None,
        "recorded_correct": correct if isinstance(correct, bool) else None,
    }


ENGINE = EngineKind(ReplaySettings)
