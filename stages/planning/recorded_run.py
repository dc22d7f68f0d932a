"""The parameters of the run that is in data/."""

import json
from typing import Any

from schemas import store
from schemas.settings import Settings


def recorded_section(section: str) -> dict[str, Any]:
    """Setting → value in the run that is in data/; empty if none is there."""
    if not store.folder(Settings).exists():
        return {}
    rows = store.read(Settings).filter(section=section).select("name", "value").rows()
    return {name: json.loads(value) for name, value in rows}
