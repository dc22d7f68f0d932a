"""Cards as Markdown with a YAML header."""

from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
ABSENT = "–"


def render(template: str, **values: Any) -> str:
    """A template beside this file, filled in."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"share": _share, "count": _count}
    return environment.get_template(template).render(**values)


def yaml_header(metadata: dict[str, Any]) -> str:
    """The block between dashes that the hub reads."""
    return f"---\n{yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)}---\n\n"


def _share(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.1%}"


def _count(value: int | None) -> str:
    return ABSENT if value is None else f"{value:,}"
