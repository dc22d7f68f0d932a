"""The problem that a format reads from a row, and readers of fields. They raise UnusableError."""

import ast
import json
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


class UnusableError(Exception):
    """A row that is not a problem; the text is the reason in `rejects`."""


@dataclass(frozen=True)
class ParsedProblem:
    """A problem as a row states it; `prompt` only if it is not the default of its kind.

    `rationale` is a text, which the task splits into steps, or the row's own steps.
    """

    question: str
    answer: str
    rationale: str | list[str] = ""
    kind: str = "math"
    options: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    given: str = ""
    level: int | None = None
    subject: str | None = None
    prompt: str = ""


def verbatim_text(row: Row, *names: str) -> str:
    """The first of these fields that is present; it must be text and not blank."""
    name = _first_present(row, *names)
    if not isinstance(row[name], str):
        raise UnusableError(f"field {name!r} is a {type(row[name]).__name__}, not text")
    if not row[name].strip():
        raise UnusableError(f"field {name!r} is empty")
    return normalise_newlines(row[name])


def text(row: Row, *names: str) -> str:
    """The same without the blanks around it."""
    return verbatim_text(row, *names).strip()


def optional_text(row: Row, *names: str) -> str | None:
    """The first of these fields that is not blank, or None."""
    filled = (name for name in names if row.get(name) is not None and str(row[name]).strip())
    name = next(filled, None)
    return text(row, name) if name else None


def value(row: Row, *names: str) -> str:
    """An answer as text: text as it is, numbers without a needless fraction, a list in brackets."""
    name = _first_present(row, *names)
    return text(row, name) if isinstance(row[name], str) else format_value(row[name], name)


def format_value(given: Any, name: str) -> str:
    """27.0 → "27", 5e-05 → "0.00005", True → "True", [1, 2.0] → "[1, 2]", ["a", "b"] → "a, b"."""
    if isinstance(given, list) and given:
        if all(isinstance(item, str) and item.strip() for item in given):
            return ", ".join(item.strip() for item in given)
        return f"[{', '.join(format_value(item, name) for item in given)}]"
    if isinstance(given, bool | int):
        return str(given)
    if isinstance(given, Decimal) and given.is_finite():
        given = given.normalize()
        return f"{given:f}"
    if isinstance(given, float) and math.isfinite(given):
        return re.sub(r"\.0+$", "", f"{Decimal(repr(given)):f}")
    raise UnusableError(f"field {name!r} is no answer: {str(given)[:60]!r}")


def texts(row: Row, name: str) -> list[str]:
    """A list of texts, none of them empty; an absent field is an empty list.

    In a CSV file the list is written as text.
    """
    items = row.get(name)
    if items is None:
        return []
    if isinstance(items, str):
        items = _parse_list(items)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise UnusableError(f"field {name!r} is no list of texts")
    if not all(item.strip() for item in items):
        raise UnusableError(f"field {name!r} has an empty text")
    return [normalise_newlines(item).strip() for item in items]


def _parse_list(written: str) -> Any:
    """The list that a text writes in JSON or Python; else the text."""
    if not written.lstrip().startswith("["):
        return written
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(written)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return written


def whole_number(given: object) -> int | None:
    """A whole number, also if it is written as text; None for anything else."""
    if isinstance(given, str) and re.fullmatch(r"\d{1,9}", given.strip()):
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def level(row: Row) -> int | None:
    """The number of 5 or "Level 5"; None for anything else."""
    match = re.fullmatch(r"(?:Level )?(\d{1,3})", str(row.get("level", "")))
    return int(match[1]) if match else None


def normalise_newlines(given: str) -> str:
    """Line ends as \\n."""
    return given.replace("\r\n", "\n")


def _first_present(row: Row, *names: str) -> str:
    for name in names:
        if row.get(name) is not None:
            return name
    there = ", ".join(map(str, row)) or "none"
    raise UnusableError(f"has no field {' or '.join(map(repr, names))} (it has: {there})")
