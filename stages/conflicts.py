"""What no section can see alone: values that are right by themselves and wrong together."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.table import RatchetError

# (does the run have it, given every section's values; what it is and how to mend it)
CONFLICTS: list[tuple[Callable[[Mapping[str, Any]], bool], str]] = [
    (
        lambda p: p["label"]["by"] == "judge" and None in (p["judge"]["url"], p["judge"]["model"]),
        "label.by=judge needs a server to ask: set judge.url and judge.model",
    ),
]


def refuse_conflicts(values: Mapping[str, Any]) -> None:
    """Raises RatchetError on the first conflict; each section was parsed before."""
    for found, message in CONFLICTS:
        if found(values):
            raise RatchetError(f"params.yaml: {message}")
