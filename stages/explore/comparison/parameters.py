"""The parameters in which two runs differ."""

from typing import Any

from stages.explore.experiments import flatten_parameters


def differing_parameters(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    """A row (name, a, b) for each value that differs, in b's order; a side may lack the value."""
    flat_a, flat_b = flatten_parameters(a), flatten_parameters(b)
    rows = []
    for name in [*flat_b, *(name for name in flat_a if name not in flat_b)]:
        sides = {s: flat[name] for s, flat in (("a", flat_a), ("b", flat_b)) if name in flat}
        if len(sides) < 2 or sides["a"] != sides["b"]:
            rows.append({"name": name, **sides})
    return rows
