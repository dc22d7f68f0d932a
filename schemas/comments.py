"""What the views and their columns are, as comments in the database, from the schemas.

`schemas/views.sql` comments on the derived views. A derived column without a comment of its own has
that of the tables' columns of its name, if they agree.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from schemas import views
from schemas.catalog import TABLES
from schemas.table import Table


def table_comments(table: type[Table]) -> str:
    """SQL that comments on a table's view and columns."""
    lines = [f"comment on view {table.noun} is {_quote(_about(table))};"]
    lines += [
        f"comment on column {table.noun}.{name} is {_quote(text)};"
        for name, column in table.columns().items()
        if (text := column_comment(column))
    ]
    return "\n".join(lines) + "\n"


def add_comments(connection: Any) -> None:
    """Comments on every view of the connection's current schema."""
    connection.execute("".join(map(table_comments, TABLES)))
    connection.execute("".join(_inherited_comments(connection)))


def described_views(connection: Any) -> list[dict[str, str]]:
    """view, about: every view, in alphabetical order."""
    query = """
        select view_name as "view", comment as about
        from duckdb_views()
        where not internal and schema_name = current_schema()
        order by view_name
    """
    return [
        row | {"about": " ".join((row["about"] or "").split())}
        for row in views.ask(connection, query)
    ]


def described_columns(connection: Any, view: str) -> list[dict[str, str]]:
    """column, type, about: a view's columns, in their order."""
    query = """
        select column_name as "column", lower(data_type) as type, comment as about
        from duckdb_columns()
        where not internal and schema_name = current_schema() and table_name = $view
        order by column_index
    """
    return [
        row | {"about": " ".join((row["about"] or "").split())}
        for row in views.ask(connection, query, view=view)
    ]


def column_comment(column: Any, quote: str = "") -> str:
    """A column's description, the values it can have, each in quotes, and their range."""
    low, high = getattr(column, "min", None), getattr(column, "max", None)
    between = f"{low} to {high}" if high is not None else f"{low} or more"
    values = ", ".join(f"{quote}{value}{quote}" for value in getattr(column, "categories", []))
    facts = [column.description or "", values, between if low is not None else ""]
    return "; ".join(fact for fact in facts if fact)


def _about(table: type[Table]) -> str:
    """The first sentences of a class's docstring."""
    return " ".join((inspect.getdoc(table) or "").split("\n\n")[0].split())


def _inherited_comments(connection: Any) -> Iterator[str]:
    said: dict[str, set[str]] = {}
    for table in TABLES:
        for name, column in table.columns().items():
            if column.description:
                said.setdefault(name, set()).add(column.description)
    nouns = {table.noun for table in TABLES}
    for view, column, comment in connection.execute(
        "select table_name, column_name, comment from duckdb_columns() "
        "where not internal and schema_name = current_schema()"
    ).fetchall():
        if view not in nouns and comment is None and len(said.get(column, ())) == 1:
            (text,) = said[column]
            yield f"comment on column {view}.{column} is {_quote(text)};\n"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
