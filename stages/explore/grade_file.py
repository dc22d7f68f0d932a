"""`ratchet grade`: verdicts on any file of references and predictions."""

import json
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.grading.choice import LETTERS, letter_of
from stages.grading.grade import KINDS, BothVerdicts, Extract, grade_both
from stages.grading.mathematics.answers import find_answer
from stages.grading.misuse import Graded, misuse_warning
from stages.grading.programs.sandbox import Limits
from stages.grading.programs.sandbox_command import Mode
from stages.grading.reference import Reference, Verdict
from stages.pipeline.progress_bar import progress_bar
from stages.results.terminal import note, results_only
from stages.tasks.chat_rows import CHAT_FIELDS, last_reply
from stages.tasks.formats.row import UnusableError, format_value
from stages.tasks.source import rows as rows_of
from stages.tasks.task import Fault

Row = dict[str, Any]
ADDED = ("outcome", "extracted", "detail", "outcome_stated", "outcome_flexible")
SOLUTION_KINDS = ("math", "choice")  # kinds whose reference may be a whole solution


def grade_file(
    file: str,
    out: Path | None,
    kind: str,
    workers: int,
    timeout_s: float,
    sandbox: Mode,
    extract: Extract = "stated",
) -> None:
    """Writes the file's rows, in order, with ADDED, and counts outcomes.

    Raises RatchetError at the first row that can't be graded, before anything is written.
    """
    if out and out.suffix not in (".jsonl", ".parquet"):
        raise RatchetError(f"--out {out}: name a file that ends in .jsonl or .parquet")
    if workers < 1 or timeout_s <= 0:
        raise RatchetError("--workers and --timeout must be above 0")
    if not Path(file).expanduser().is_file():
        raise RatchetError(f"there is no file {file}: name a JSONL, JSON, CSV or Parquet file")
    rows = list(_read_rows(file))
    items = [_item(position, row, kind) for position, row in rows]
    with progress_bar("grade", len(items)) as advance:
        both = grade_both(
            items, workers=workers, limits=Limits(timeout_s), sandbox=sandbox, progress=advance
        )
    graded = [row | _added_fields(each, extract) for (_, row), each in zip(rows, both, strict=True)]
    _write(graded, file, out)
    if not results_only():
        print(_summary(both, extract), file=sys.stderr)
    if warning := misuse_warning(_graded_texts(items, both, extract)):
        note(warning)


def _added_fields(both: BothVerdicts, extract: Extract) -> Row:
    verdict = both.verdict_of(extract)
    return {
        "outcome": verdict.outcome,
        "extracted": verdict.extracted,
        "detail": verdict.detail,
        "outcome_stated": both.stated.outcome,
        "outcome_flexible": both.flexible.outcome,
    }


def _graded_texts(
    items: list[tuple[str, Reference, str]], both: list[BothVerdicts], extract: Extract
) -> list[Graded]:
    return [
        Graded(
            reference.answer or "; ".join(reference.tests),
            text,
            each.verdict_of(extract).extracted,
            each.verdict_of(extract).outcome,
            each.flexible.outcome,
        )
        for (_, reference, text), each in zip(items, both, strict=True)
    ]


def _read_rows(file: str) -> list[tuple[str, Row]]:
    numbered_rows = []
    for item in rows_of(file, "", "FILE"):
        if isinstance(item, Fault):
            raise RatchetError(f"{item.location} {item.reason}")
        position, row = item
        if taken := [name for name in ADDED if name in row]:
            raise RatchetError(f"{position} already has a field {taken[0]!r}: rename it")
        numbered_rows.append((position, row))
    return numbered_rows


def _item(position: str, row: Row, default: str) -> tuple[str, Reference, str]:
    """(kind, reference, prediction) of a row. Raises RatchetError for a malformed row."""
    row = _with_chat(row)
    for name in ("reference", "prediction"):
        if name not in row:
            raise RatchetError(f"{position} has no field {name!r} (it has: {', '.join(row)})")
    of_options = "choice" if row.get("options") and default == "math" else default
    kind = of_options if row.get("kind") is None else row["kind"]
    if kind not in KINDS:
        raise RatchetError(f"{position}: kind is {kind!r}: use one of {', '.join(KINDS)}")
    prediction = "" if row["prediction"] is None else _text(position, row, "prediction")
    options = _texts(position, row, "options")
    if kind == "code":
        given = _text(position, row, "given") if row.get("given") is not None else ""
        return kind, Reference("", options, _texts(position, row, "reference"), given), prediction
    reference = _text(position, row, "reference")
    if kind == "choice" and (letter := _letter(row["reference"], options)):
        reference = letter
    elif kind in SOLUTION_KINDS:
        reference = find_answer(reference) or reference
    return kind, Reference(reference, options), prediction


def _letter(reference: object, options: tuple[str, ...]) -> str | None:
    """The letter of an option that the reference writes out or counts from 0; None if neither."""
    if isinstance(reference, str) and options.count(reference.strip()) == 1:
        own = letter_of(reference)
        is_letter = own is not None and LETTERS.index(own) < len(options)
        return None if is_letter else LETTERS[options.index(reference.strip())]
    if (
        type(reference) is int
        and str(reference) not in options
        and reference in range(len(options))
    ):
        return LETTERS[reference]
    return None


def _with_chat(row: Row) -> Row:
    """The row with its prediction as a text, if that is a chat or the row has one instead."""
    chat = row.get("prediction", next((row[n] for n in CHAT_FIELDS if n in row), None))
    reply = last_reply([chat] if isinstance(chat, dict) else chat)
    return row if reply is None else row | {"prediction": reply}


def _text(position: str, row: Row, name: str) -> str:
    value = row[name]
    if isinstance(value, str | int | float | Decimal):
        return str(value) if not isinstance(value, Decimal) else format_value(value, name)
    if name == "reference" and isinstance(value, list) and value:
        try:
            return format_value(value, name)
        except UnusableError as error:
            raise RatchetError(f"{position}: {error}") from error
    raise RatchetError(f"{position}: {name} is a {type(value).__name__}: give a text or a number")


def _texts(position: str, row: Row, name: str) -> tuple[str, ...]:
    value = row.get(name) or []
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise RatchetError(f"{position}: {name} must be a text or a list of texts")


def _write(graded: list[Row], file: str, out: Path | None) -> None:
    if out is None:
        for row in graded:
            print(json.dumps(row, ensure_ascii=False, default=str))
        return
    half = out.with_name(f".{out.name}.half")
    try:
        if out.suffix == ".jsonl":
            with half.open("w") as lines:
                lines.writelines(
                    json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in graded
                )
        else:
            _to_frame(graded, file, out).write_parquet(half)
        half.replace(out)
    except (OSError, pl.exceptions.PolarsError) as error:
        half.unlink(missing_ok=True)
        raise RatchetError(f"--out {out}: {error}") from error


def _to_frame(graded: list[Row], file: str, out: Path) -> pl.DataFrame:
    """The rows as a frame; a Parquet file's columns keep their types."""
    try:
        frame = pl.DataFrame(graded, infer_schema_length=None)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise RatchetError(
            f"--out {out}: a field has values of several types, which Parquet can't store: "
            "name a .jsonl file"
        ) from error
    if file.endswith(".parquet"):
        frame = frame.cast(pl.Schema(pl.read_parquet_schema(file)))
    return frame


def _summary(both: list[BothVerdicts], extract: Extract) -> str:
    """The counts as in "5 graded: 3 correct (60.0%), 2 wrong", and where both verdicts differ."""
    verdicts: list[Verdict] = [each.verdict_of(extract) for each in both]
    counts = Counter(verdict.outcome for verdict in verdicts)
    share = f" ({counts['correct'] / len(verdicts):.1%})"
    clauses = [f"{n:,} {name}{share * (name == 'correct')}" for name, n in counts.most_common()]
    n_differ = sum(each.stated.outcome != each.flexible.outcome for each in both)
    more = ""
    if n_differ:
        stated, flexible = (
            sum(verdict.outcome == "correct" for verdict in own) / len(both)
            for own in zip(*both, strict=True)
        )
        more = (
            f"\n{n_differ:,} state no answer, but end in a value: {stated:.1%} are correct by what "
            f"they state, {flexible:.1%} by their last value (--extract flexible)"
        )
    return f"{len(verdicts):,} graded: {', '.join(clauses)}{more}"
