"""Rows from where users keep data: a local file, or a Hugging Face dataset."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from schemas.table import RatchetError
from stages.tasks.task import Fault

MAX_CHARACTERS = 100_000
FORMS = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet", ".csv")


def rows(source: str, split: str, parameter: str) -> Iterator[tuple[str, dict[str, Any]] | Fault]:
    """(place, row) for each row, or a Fault for one that is no object or is too large.

    `source` is a file in one of FORMS or a dataset id ("openai/gsm8k:main"); `parameter` names
    the setting in errors. Raises RatchetError when there is nothing to read.
    """
    path = Path(source).expanduser()
    found = False
    for place, row in (
        _file_rows(path, parameter) if _is_path(path) else _hub_rows(source, split, parameter)
    ):
        found = True
        if isinstance(row, Fault):
            yield row
        elif not isinstance(row, dict):
            yield Fault(place, f"is a {type(row).__name__}, not an object", str(row))
        elif sum(len(value) for value in row.values() if isinstance(value, str)) > MAX_CHARACTERS:
            yield Fault(place, f"is longer than {MAX_CHARACTERS} characters", str(row)[:500])
        else:
            yield place, row
    if not found:
        raise RatchetError(f"{parameter}: {source} holds no rows")


def text_field(row: dict[str, Any], name: str) -> str | None:
    """A field that must be text that says something; None if it is not."""
    value = row.get(name)
    return value if isinstance(value, str) and value.strip() else None


def why_not(row: dict[str, Any], name: str) -> str:
    """Why `text_field` found nothing."""
    if name not in row:
        return f"has no field {name!r}"
    if not isinstance(row[name], str):
        return f"field {name!r} is a {type(row[name]).__name__}, not text"
    return f"field {name!r} is empty"


def _is_path(path: Path) -> bool:
    return path.exists() or path.name.endswith(FORMS) or path.is_absolute()


def _file_rows(path: Path, parameter: str) -> Iterator[tuple[str, Any]]:
    if not path.is_file():
        raise RatchetError(f"{parameter}: there is no file {path}: name a local file or dataset id")
    if not path.name.endswith(FORMS):
        raise RatchetError(f"{parameter}: {path.name} is none of {', '.join(FORMS)}")
    try:
        if path.suffix in (".parquet", ".csv"):
            frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
            yield from ((f"{path.name}:{n}", row) for n, row in enumerate(frame.to_dicts(), 1))
            return
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, pl.exceptions.PolarsError) as error:
        raise RatchetError(f"{parameter}: cannot read {path}: {error}") from error
    if ".jsonl" in path.name:
        yield from _lines(path.name, data)
    else:
        yield from _array(path.name, data, parameter)


def _lines(name: str, data: bytes) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            yield place, json.loads(line)
        except (ValueError, RecursionError) as error:
            shown = line[:500].decode(errors="replace")
            yield place, Fault(place, f"is not JSON: {str(error)[:120]}", shown)


def _array(name: str, data: bytes, parameter: str) -> Iterator[tuple[str, Any]]:
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RatchetError(f"{parameter}: {name} is not JSON: {str(error)[:120]}") from error
    if not isinstance(loaded, list):
        raise RatchetError(f"{parameter}: {name} holds one {type(loaded).__name__}, not a list")
    yield from ((f"{name}:{number}", row) for number, row in enumerate(loaded, 1))


def _hub_rows(source: str, split: str, parameter: str) -> Iterator[tuple[str, Any]]:
    from datasets import load_dataset

    name, _, subset = source.partition(":")
    try:
        loaded = load_dataset(name, subset or None, split=split)
    except Exception as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise RatchetError(
            f"{parameter}: cannot load dataset {source} ({reason}): "
            f"set {parameter} to a local file, one of {', '.join(FORMS)}"
        ) from error
    yield from ((f"{source}/{split}:{number}", row) for number, row in enumerate(loaded, 1))
