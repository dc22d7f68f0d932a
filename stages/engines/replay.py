"""Recorded completions as samples: runs solutions made elsewhere through the data stages."""

from pathlib import Path

import polars as pl
from pydantic import Field

from schemas.errors import RatchetError
from schemas.rejects import Rejects
from schemas.samples import Samples
from stages.engines.engine import EngineKind, EngineSettings
from stages.pipeline.digests import digest
from stages.tasks.chat_rows import last_reply
from stages.tasks.source import find_file, rows
from stages.tasks.task import Fault


class ReplaySettings(EngineSettings):
    """Recorded completions. Paths to a row's values are dotted."""

    file: str
    question: str
    completions: list[str] = Field(min_length=1)
    correct: list[str] | None

    def local_files(self) -> dict[str, Path]:
        file = find_file(self.file, "engine.file")
        return {"engine.file": file} if file else {}


def replay(settings: ReplaySettings, problems: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(samples, rejects): one sample per completion of each row whose question is a problem's.

    A completion is a text, a chat, of which the last reply counts, or a list of texts. What a model
    wrote after its solution (`stages.grading.own_text`) is left out. A recorded verdict is true or
    false, 1 or 0, or a word for it. Raises RatchetError if the file can't be read, no row fits, or
    no recorded verdict can be read.
    """
    from stages.grading.kinds import cut_after_solution  # which compiles much

    labels: list[str | None] = [*(settings.correct or [])] or [None] * len(settings.completions)
    if len(labels) != len(settings.completions):
        raise RatchetError(
            f"engine.correct has {len(labels)} paths and engine.completions "
            f"{len(settings.completions)}: give one for each completion"
        )
    known = {
        _collapse_blanks(question): (problem, kind)
        for problem, question, kind in problems.select("problem_id", "question", "kind").rows()
    }
    fields: list[str] = []
    unread: list[object] = []
    n_read = 0
    samples_by_id: dict[str, dict[str, object]] = {}
    rejects: list[dict[str, str]] = []
    for item in rows(settings.file, "train", "engine.file"):
        if isinstance(item, Fault):
            rejects.append(_reject(item.location, item.reason, item.content))
            continue
        location, row = item
        fields = fields or list(row)
        problem_and_kind = known.get(_collapse_blanks(str(value_at(row, settings.question) or "")))
        if problem_and_kind is None:
            rejects.append(_reject(location, "its question is no training problem's", str(row)))
            continue
        problem, kind = problem_and_kind
        draw = 0
        for path, label in zip(settings.completions, labels, strict=True):
            texts = _completions_at(row, path)
            verdicts = _verdicts_at(row, label, len(texts))
            if not texts:
                rejects.append(_reject(f"{location}/{path}", f"has no text at {path}", str(row)))
                draw += 1
            for text, given in zip(texts, verdicts, strict=True):
                correct = read_verdict(given)
                n_read += correct is not None
                unread += [given] if correct is None and given is not None else []
                name = Path(settings.file).name
                sample_id = digest("replay", name, location, draw, text)
                own = cut_after_solution(kind, text)
                samples_by_id[sample_id] = _sample_row(sample_id, name, problem, draw, own, correct)
                draw += 1
    if not samples_by_id:
        raise RatchetError(
            f"engine.file: no row of {settings.file} fits a training problem: "
            f"check engine.question and engine.completions ({len(rejects)} rejects; its fields: "
            f"{', '.join(fields) or 'none'})"
        )
    if unread and not n_read:
        raise RatchetError(
            f"engine.correct: {unread[0]!r} is no verdict: name a field of true and false, or of 1 "
            "and 0"
        )
    samples = pl.DataFrame(list(samples_by_id.values()), schema=Samples.stored_schema())
    return samples, pl.DataFrame(rejects, schema=Rejects.stored_schema())


_TRUE = ("true", "1", "1.0", "yes", "correct", "right", "pass", "passed")
_FALSE = ("false", "0", "0.0", "no", "wrong", "incorrect", "fail", "failed")


def read_verdict(given: object) -> bool | None:
    """True, 1, 1.0, "True" or "correct" → True, and their opposites; None for anything else."""
    word = str(given).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _completions_at(row: object, path: str) -> list[str]:
    """The texts at a path: one, the last reply of a chat, or those of a list."""
    value = value_at(row, path)
    if isinstance(value, str):
        return [value]
    if (reply := last_reply(value)) is not None:
        return [reply]
    items = value if isinstance(value, list) else []
    texts = [item if isinstance(item, str) else last_reply(item) for item in items]
    return [text for text in texts if text is not None] if None not in texts else []


def _verdicts_at(row: object, path: str | None, n_texts: int) -> list[object]:
    """The recorded verdicts on the texts of a path: a list of as many, or one for all."""
    value = value_at(row, path) if path else None
    if isinstance(value, list) and len(value) == n_texts:
        return value
    return [value] * n_texts


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
