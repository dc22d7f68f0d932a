"""docs/tables.md, worked out from schemas/: `make contract` writes it, a test compares."""

import ast
import inspect
import re
import textwrap
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import duckdb

from schemas import store
from schemas.catalog import TABLES
from schemas.comments import (
    add_comments,
    column_comment,
    described_columns,
    described_views,
    table_comments,
)
from schemas.table import Table
from schemas.views import empty_view_sql, sql_type, table_select

WRITTEN = "<!-- Written by `make contract` from {}; a test compares. -->\n"
VIEW = re.compile(r"^create or replace view (\w+)", re.M)
HEAD = """# The tables of a run

One noun is one schema class in `schemas/`, one folder and one SQL view. Every row is checked when
it is written and when it is read; rows that break a rule are an error that names the table, the
rule and three of them. Types are DuckDB's. After the tables comes what `schemas/views.sql` derives
from them. Questions to ask of them: [queries.md](queries.md).
"""


def tables(sql: str) -> str:
    """The page on tables and views; `sql` is the text of schemas/views.sql."""
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(empty_view_sql(table))
    connection.execute(sql)
    add_comments(connection)
    about = {str(row["view"]): str(row["about"]) for row in described_views(connection)}
    pieces = [_table(table) for table in TABLES]
    views = [_view(connection, name, about[name]) for name in VIEW.findall(sql)]
    return "\n".join([WRITTEN.format("schemas/"), HEAD, *pieces, "# Views\n", *views])


def table_views() -> str:
    """schemas/tables.sql: each table of a run as a view, for DuckDB without Python."""
    made = [
        f"create or replace view {table.noun} as\n{table_select(table)};\n\n{table_comments(table)}"
        for table in TABLES
    ]
    return "\n".join(["-- Written by `make contract` from schemas/; a test compares.\n", *made])


def _table(table: type[Table]) -> str:
    partitions = "".join(f"/{name}=…" for name in table.partitions)
    facts = [
        f"In `{store.folder(table)}{partitions}/`",
        f"key: {', '.join(table.primary_key()) or 'none'}",
        *(f"{column} is one of [{noun}](#{noun})" for column, noun in table.references.items()),
    ]
    rows = [
        (name, _type(column), column_comment(column, quote="`"))
        for name, column in table.columns().items()
    ]
    rules = "".join(f"- `{name}`: `{source}`\n" for name, source in _rules(table))
    about = inspect.getdoc(table) or ""
    return "\n".join(
        [
            f"## {table.noun}\n\n{about}\n\n{'; '.join(facts)}.\n",
            grid(("column", "type", "is"), rows),
            *([f"Rules:\n\n{rules}"] if rules else []),
        ]
    )


def _type(column: Any) -> str:
    return sql_type(column.dtype) + (", or null" if column.nullable else "")


def _rules(table: type[Table]) -> Iterator[tuple[str, str]]:
    """(name, what must hold) of each rule of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(table))).body
    assert isinstance(tree, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(
            "rule" in ast.unparse(d) for d in node.decorator_list
        ):
            body = "; ".join(ast.unparse(piece) for piece in node.body)
            yield node.name, body.replace("return ", "")


def _view(connection: Any, name: str, about: str) -> str:
    columns = [row.values() for row in described_columns(connection, name)]
    return f"## {name}\n\n{textwrap.fill(about, 100)}\n\n{grid(('column', 'type', 'is'), columns)}"


def grid(heads: tuple[str, ...], rows: Sequence[Collection[str]]) -> str:
    """A Markdown table."""
    lines: list[Collection[str]] = [heads, tuple("---" for _ in heads), *rows]
    made = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join(made).replace("|  |", "| |") + "\n"
