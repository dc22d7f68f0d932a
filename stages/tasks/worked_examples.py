"""Worked examples for a model that is asked by few_shot: from a file, or the training set."""

import json
from pathlib import Path

import polars as pl

from schemas.errors import RatchetError
from stages.models.prompt_form import CUES, PromptSettings, WorkedExample
from stages.pipeline.digests import digest
from stages.tasks.prompts import prompt_of_kind

WITHOUT = "code"  # a kind that is asked without examples (SIPF §3.3)


def worked_examples(settings: PromptSettings, problems: pl.DataFrame) -> list[WorkedExample]:
    """The examples that the settings ask for; one more of each kind than are shown.

    From the training set: demonstrated problems, in an order by digest. Raises RatchetError if
    there are none, or if the file can't be read.
    """
    if settings.prompt != "few_shot":
        return []
    if file := settings.examples_file():
        return _from_file(file, f"{settings.section}.examples")
    gold = problems.filter((pl.col("split") == "train") & pl.col("demonstrated"))
    found = [
        WorkedExample(prompt=prompt, solution="".join(rationale))
        for (kind,), rows in gold.group_by("kind", maintain_order=True)
        if kind != WITHOUT
        for prompt, rationale in _by_digest(rows)
        .head(settings.n_examples + 1)
        .select("prompt", "rationale")
        .rows()
    ]
    if not found:
        raise RatchetError(
            f"{settings.section}.prompt=few_shot, but no training problem has a rationale to show: "
            f"set {settings.section}.examples to a JSON-lines file of question and solution"
        )
    return found


def _by_digest(rows: pl.DataFrame) -> pl.DataFrame:
    order = [digest("few_shot", name) for name in rows["problem_id"]]
    return rows.with_columns(pl.Series("order", order, pl.String)).sort("order")


def _from_file(file: Path, parameter: str) -> list[WorkedExample]:
    try:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise RatchetError(f"{parameter}: {file} can't be read ({error}): name a file") from error
    if not lines:
        raise RatchetError(f"{parameter}: {file} has no example: write one a line")
    return [_read(line, f"{parameter}: {file}:{n}") for n, line in enumerate(lines, start=1)]


def _read(line: str, where: str) -> WorkedExample:
    shape = 'write {"question": "…", "solution": "…"}, with "kind" and "options" if needed'
    try:
        row = json.loads(line)
        kind = row.get("kind", "math")
        question, solution, options = row["question"], row["solution"], row.get("options", [])
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RatchetError(f"{where} is no worked example: {shape}") from error
    if kind not in CUES:
        raise RatchetError(f"{where} has kind={kind!r}: use one of {', '.join(CUES)}")
    if not (isinstance(question, str) and isinstance(solution, str)):
        raise RatchetError(f"{where} is no worked example: {shape}")
    prompt = prompt_of_kind(kind, question, options, row.get("tests", []))
    return WorkedExample(prompt=prompt, solution=solution)
