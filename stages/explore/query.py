"""`ratchet sql`: one select over the views, as a table, JSON or CSV."""

import csv
import difflib
import json
import math
import re
import sys
from typing import Any

import duckdb

from schemas.table import RatchetError
from stages.explore import terminal, views

ENDING = re.compile(r";\s*(--[^\n]*\s*)*$")
LOST = re.compile(r"Table with name (\S+) does not exist")


def answer(query: str, as_json: bool, as_csv: bool) -> None:
    """Prints the rows. Raises RatchetError for a query that is wrong or that would write."""
    if as_json and as_csv:
        raise RatchetError("--json and --csv exclude each other: choose one")
    heads, rows = run(query)
    if as_json:
        print(json.dumps([dict(zip(heads, map(_finite, row), strict=True)) for row in rows],
                         indent=2, ensure_ascii=False, default=str))  # fmt: skip
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
    else:
        console = terminal.console()
        console.print(terminal.table(heads, rows))
        console.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", style="dim")


def run(query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(column names, rows) of one select."""
    connection = views.connect()
    try:
        statements = duckdb.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RatchetError("sql takes one select (or describe, summarize, show tables)")
        # A select may hide a COPY TO in a WITH clause; as a subquery DuckDB refuses it.
        text = ENDING.sub("", statements[0].query)
        connection.execute(f"explain from (\n{text}\n)")
        cursor = connection.execute(text)
        return _distinct([column[0] for column in cursor.description]), cursor.fetchall()
    except duckdb.Error as error:
        raise RatchetError(_explain(error, views.names(connection))) from error


def _explain(error: Exception, known: list[str]) -> str:
    """DuckDB's reason, with the views that an unknown table may have meant."""
    text = views.reason(error)
    lost = LOST.search(text)
    if not lost:
        return text
    near = difflib.get_close_matches(lost[1], known, n=3, cutoff=0.5) or known
    return f"there is no view {lost[1]}: did you mean {', '.join(near)}?"


def _distinct(heads: list[str]) -> list[str]:
    """Column names with a number behind those that come again."""
    return [
        head if head not in heads[:index] else f"{head}_{heads[:index].count(head)}"
        for index, head in enumerate(heads)
    ]


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return {k: _finite(v) for k, v in value.items()} if isinstance(value, dict) else value
