"""`ratchet grade`: verdicts on any file of references and predictions."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.grading.grade import KINDS, grade_all
from stages.grading.mathematics.answers import find_answer
from stages.grading.programs.sandbox import Limits, Mode
from stages.grading.reference import Reference, Verdict
from stages.pipeline.progress_bar import progress_bar
from stages.results.terminal import results_only
from stages.tasks.source import rows as rows_of
from stages.tasks.task import Fault

Row = dict[str, Any]
ADDED = ("outcome", "extracted")
SOLUTION_KINDS = ("math", "choice")  # kinds whose reference may be a whole solution


def grade_file(
    file: str, out: Path | None, kind: str, workers: int, timeout_s: float, sandbox: Mode
) -> None:
    """Writes the file's rows, in order, with outcome and extracted added, and counts outcomes.

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
        verdicts = grade_all(
            items, workers=workers, limits=Limits(timeout_s), sandbox=sandbox, progress=advance
        )
    graded = [
        row | {"outcome": verdict.outcome, "extracted": verdict.extracted}
        for (_, row), verdict in zip(rows, verdicts, strict=True)
    ]
    _write(graded, file, out)
    if not results_only():
        print(_summary(verdicts), file=sys.stderr)


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
    for name in ("reference", "prediction"):
        if name not in row:
            raise RatchetError(f"{position} has no field {name!r} (it has: {', '.join(row)})")
    kind = default if row.get("kind") is None else row["kind"]
    if kind not in KINDS:
        raise RatchetError(f"{position}: kind is {kind!r}: use one of {', '.join(KINDS)}")
    prediction = "" if row["prediction"] is None else _text(position, row, "prediction")
    options = _texts(position, row, "options")
    if kind == "code":
        given = _text(position, row, "given") if row.get("given") is not None else ""
        return kind, Reference("", options, _texts(position, row, "reference"), given), prediction
    reference = _text(position, row, "reference")
    if kind in SOLUTION_KINDS:
        reference = find_answer(reference) or reference
    return kind, Reference(reference, options), prediction


def _text(position: str, row: Row, name: str) -> str:
    value = row[name]
    if isinstance(value, str | int | float):
        return str(value)
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


def _summary(verdicts: list[Verdict]) -> str:
    """The counts as in "5 graded: 3 correct (60.0%), 2 wrong"."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    share = f" ({counts['correct'] / len(verdicts):.1%})"
    clauses = [f"{n:,} {name}{share * (name == 'correct')}" for name, n in counts.most_common()]
    return f"{len(verdicts):,} graded: {', '.join(clauses)}"
