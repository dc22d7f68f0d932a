"""The report's queries of a run's views, one .sql file each."""

from pathlib import Path
from typing import Any

from schemas import views

HERE = Path(__file__).parent


def ask(connection: Any, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of `name`.sql as dicts."""
    return views.ask(connection, (HERE / f"{name}.sql").read_text(), **parameters)
