"""Rows from users' data: a local file, a URL, or a Hugging Face dataset."""

import codecs
import gzip
import io
import json
import urllib.request
import zlib
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from schemas.errors import RatchetError
from stages.models.hub_revision import find_commit, is_commit
from stages.tasks.task import Fault

MAX_CHARACTERS = 100_000
TIMEOUT_S = 60
FORMS = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet", ".csv")


def rows(source: str, split: str, parameter: str) -> Iterator[tuple[str, dict[str, Any]] | Fault]:
    """(location, row) for each row, or a Fault for one that is no object, too large, or no text.

    `source` is a file in one of FORMS, its URL, or a dataset id (`parse_id`).
    `parameter` names the setting in errors. Raises RatchetError if there is nothing to read.
    """
    is_empty = True
    is_id = is_hub_id(source)
    for location, row in (
        _hub_rows(source, split, parameter) if is_id else _file_rows(source, parameter)
    ):
        is_empty = False
        if isinstance(row, Fault):
            yield row
        elif not isinstance(row, dict):
            yield Fault(location, f"is a {type(row).__name__}, not an object", str(row))
        elif sum(len(value) for value in row.values() if isinstance(value, str)) > MAX_CHARACTERS:
            yield Fault(location, f"is longer than {MAX_CHARACTERS} characters", str(row)[:500])
        elif _has_lone_surrogate(row):
            yield Fault(location, "has a lone surrogate, which is no text", ascii(row)[:500])
        else:
            yield location, row
    if is_empty:
        raise RatchetError(f"{parameter}: {source} has no rows")


def is_hub_id(source: str) -> bool:
    """Whether this is neither a URL nor a file's path."""
    path = Path(source).expanduser()
    return not ("://" in source or path.exists() or path.name.endswith(FORMS) or path.is_absolute())


def find_file(source: str, parameter: str) -> Path | None:
    """The file on this machine; None for a URL or a dataset id.

    Raises RatchetError if there is no such file, or its form is not one of FORMS.
    """
    if "://" in source or is_hub_id(source):
        return None
    path = Path(source).expanduser()
    if not path.is_file():
        raise RatchetError(f"{parameter}: there is no file {path}: set a local file or dataset id")
    _require_form(path.name, parameter)
    return path


def _require_form(name: str, parameter: str) -> None:
    if not name.endswith(FORMS):
        raise RatchetError(f"{parameter}: {name} is not a {', '.join(FORMS)} file")


def _file_rows(source: str, parameter: str) -> Iterator[tuple[str, Any]]:
    name = source.rsplit("/", 1)[-1]
    data = _content(source, name, parameter)
    try:
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        elif name.endswith((".parquet", ".csv")):
            frame = _read_table(name, data)
            yield from ((f"{name}:{n}", row) for n, row in enumerate(frame.to_dicts(), 1))
            return
    except (OSError, EOFError, zlib.error, ValueError, pl.exceptions.PolarsError) as error:
        raise RatchetError(f"{parameter}: cannot read {source}: {_first_line(error)}") from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # UTF-32 LE begins so too
        raise RatchetError(f"{parameter}: {source} is UTF-16 or UTF-32: save it as UTF-8")
    if ".jsonl" in name or _holds_lines(data):
        yield from _lines(name, data)
    else:
        yield from _array(name, data, parameter)


def _read_table(name: str, data: bytes) -> pl.DataFrame:
    """A Parquet file with its types, or a CSV file as text: "007" is no number, nor is "1/2"."""
    if name.endswith(".parquet"):
        return pl.read_parquet(io.BytesIO(data))
    return pl.read_csv(io.BytesIO(data), infer_schema=False)


def _has_lone_surrogate(value: object) -> bool:
    """Whether a value holds half of a pair of surrogates, which is no text and can't be stored."""
    if isinstance(value, str):
        return not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return any(map(_has_lone_surrogate, value)) or any(map(_has_lone_surrogate, value.values()))
    return isinstance(value, list) and any(map(_has_lone_surrogate, value))


def _content(source: str, name: str, parameter: str) -> bytes:
    """The bytes of a file or URL."""
    file = find_file(source, parameter)
    _require_form(name, parameter)
    try:
        if file:
            return file.read_bytes()
        with urllib.request.urlopen(source, timeout=TIMEOUT_S) as reply:
            content: bytes = reply.read()
            return content
    except (OSError, HTTPException, ValueError) as error:
        raise RatchetError(f"{parameter}: cannot read {source}: {_first_line(error)}") from error


def _holds_lines(data: bytes) -> bool:
    """Whether there is one object a line, whatever the file's name (AQuA has such .json files)."""
    first, _, rest = data.partition(b"\n")
    try:
        return bool(rest.strip()) and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(name: str, data: bytes) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        location = f"{name}:{number}"
        try:
            # as UTF-8, or json guesses at each line by itself
            yield location, json.loads(line.removeprefix(codecs.BOM_UTF8).decode())
        except (ValueError, RecursionError) as error:
            beginning = line[:500].decode(errors="replace")
            yield location, Fault(location, f"is not JSON: {str(error)[:120]}", beginning)


def _array(name: str, data: bytes, parameter: str) -> Iterator[tuple[str, Any]]:
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RatchetError(f"{parameter}: {name} is not JSON: {str(error)[:120]}") from error
    if not isinstance(loaded, list):
        raise RatchetError(f"{parameter}: {name} contains one {type(loaded).__name__}, not a list")
    yield from ((f"{name}:{number}", row) for number, row in enumerate(loaded, 1))


class HubId(NamedTuple):
    """A dataset of the hub; None is what is usual, and of `commit` the newest."""

    name: str
    subset: str | None = None
    split: str | None = None
    commit: str | None = None


def parse_id(text: str) -> HubId:
    """NAME[:SUBSET][@SPLIT][@COMMIT], such as openai/gsm8k:main or HuggingFaceH4/aime_2024@train.

    A commit has 40 hexadecimal digits.
    """
    dataset, *marks = text.split("@")
    name, _, subset = dataset.partition(":")
    commit = next(filter(is_commit, marks), None)
    split = next((mark for mark in marks if not is_commit(mark)), None)
    return HubId(name, subset or None, split or None, commit)


def _hub_rows(source: str, split: str, parameter: str) -> Iterator[tuple[str, Any]]:
    from datasets import load_dataset

    name, subset, chosen, known = parse_id(source)
    commit, split = find_commit(name, known, "dataset"), chosen or split
    try:
        loaded = load_dataset(name, subset, split=split, revision=commit)
    except Exception as error:
        raise RatchetError(
            f"{parameter}: cannot load dataset {source} ({_first_line(error)}): "
            f"set {parameter} to a local file, one of {', '.join(FORMS)}"
        ) from error
    dataset = f"{name}:{subset}" if subset else name
    yield from ((f"{dataset}/{split}:{number}", row) for number, row in enumerate(loaded, 1))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
