"""The rows of a table as links that hold them, so that a page needs no other file."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

Rows = Sequence[dict[str, Any]]
SAFE = ",:;[]{}()/?@!$*="  # characters that a data: URI holds as they are
DIGITS = 8  # significant ones of a number
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would obey a text that begins so


def csv_link(rows: Rows) -> str:
    """The rows as a data: URI of CSV."""
    return "data:text/csv;charset=utf-8," + quote(csv_text(rows), SAFE)


def json_link(rows: Rows) -> str:
    """The rows as a data: URI of JSON."""
    return "data:application/json;charset=utf-8," + quote(json_text(rows), SAFE)


def csv_text(rows: Rows) -> str:
    """The rows as CSV with a header; a text that a spreadsheet would obey gets an apostrophe."""
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\r\n")
    heads = list(dict.fromkeys(head for row in rows for head in row))
    out.writerow(heads)
    out.writerows([_csv_cell(row.get(head)) for head in heads] for row in rows)
    return written.getvalue()


def json_text(rows: Rows) -> str:
    """The rows as a JSON list, one row on each line; NaN and infinity are null."""
    lines = ",\n".join(_compact(row) for row in rows)
    return f"[{lines}]\n"


def code(text: str) -> Markup:
    """A text whose `parts` between backticks are code."""
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", str(escape(text))))


def _compact(value: Any) -> str:
    return json.dumps(_finite(value), default=str, separators=(",", ":"))


def _csv_cell(value: Any) -> Any:
    value = _compact(value) if isinstance(value, list | dict) else _finite(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return {k: _finite(v) for k, v in value.items()} if isinstance(value, dict) else value
