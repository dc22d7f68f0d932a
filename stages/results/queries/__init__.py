"""The report's queries of a run's views, one .sql file each."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from schemas import views

HERE = Path(__file__).parent
Rows = list[dict[str, Any]]


class Source(NamedTuple):
    """Where a table of the report comes from: one select, and its rows."""

    sql: str
    rows: Rows


def ask(connection: Any, name: str, **parameters: Any) -> Rows:
    """The rows of `name`.sql as dicts."""
    return views.ask(connection, (HERE / f"{name}.sql").read_text(), **parameters)


def source(connection: Any, query: str, **parameters: Any) -> Source:
    """The rows of a select or of a .sql file, and the select with its parameters in it."""
    text = query if " " in query else (HERE / f"{query}.sql").read_text()
    sql = re.sub(r"\$(\w+)", lambda found: _literal(parameters[found[1]]), text)
    return Source(sql.strip().rstrip(";"), views.ask(connection, text, **parameters))


def _literal(value: Any) -> str:
    """A parameter as SQL reads it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
