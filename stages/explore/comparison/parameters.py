"""The parameters that two runs do not share."""

from collections.abc import Iterator
from typing import Any


def differing_parameters(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    """A row (name, a, b) for each value that differs, in b's order; only a side that has it."""
    flat_a, flat_b = dict(_flatten(a)), dict(_flatten(b))
    rows = []
    for name in [*flat_b, *(name for name in flat_a if name not in flat_b)]:
        sides = {s: flat[name] for s, flat in (("a", flat_a), ("b", flat_b)) if name in flat}
        if len(sides) < 2 or sides["a"] != sides["b"]:
            rows.append({"name": name, **sides})
    return rows


def _flatten(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """(section.name, value) of nested mappings; an empty one is a value."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
