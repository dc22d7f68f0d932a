"""schemas/params.schema.json: what params.yaml may hold, for editors; `make contract` writes it.

An editor that knows the schema completes names, shows what a setting is, and marks a value out of
range. The stage `check` stays the judge: it knows conflicts between values too.
"""

import json
from pathlib import Path
from typing import Any

from stages.contract.settings_page import setting_entries
from stages.contract.stage_list import SCALARS, sections
from stages.engines.engine import ENGINES
from stages.pipeline import loop
from stages.pipeline.params import Section
from stages.tasks.task import TASKS

Schema = dict[str, Any]
MODEL_KINDS = ("none", "scratch", "pretrained")
# section → (the value that chooses its class, the values that it can have)
CHOICES = {
    "task": ("name", TASKS),
    "engine": ("name", tuple(ENGINES)),
    "model": ("kind", MODEL_KINDS),
}

ALSO_TEXT = {"Source"}  # classes that text alone stands for: a dataset's id or file


def params_schema(conf: Path) -> str:
    """The JSON Schema, as text; `conf` has the words on each setting."""
    about = {entry.name: entry.comment for entry in setting_entries(conf) if entry.comment}
    properties: Schema = {
        name: {"type": "integer", "minimum": low, "maximum": high}
        for name, (low, high) in SCALARS.items()
    }
    for name, section in sections().items():
        properties[name] = _section_schema(name, section)
    for name, schema in properties.items():
        _describe(schema, name, about)
    properties[loop.SECTION] = {"type": "object", "description": "follows from iteration"}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "params.yaml",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _section_schema(name: str, section: type[Section]) -> Schema:
    if name not in CHOICES:
        return _without_references(section)
    chooser, values = CHOICES[name]
    choices = []
    for value in values:
        schema = _without_references(section.choose({chooser: value}))
        schema["properties"][chooser] = {"const": value}
        choices.append(schema)
    return {"oneOf": choices}


def _without_references(section: type[Section]) -> Schema:
    """A section's schema without references, and without titles, which only repeat the names."""
    schema = section.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inline(piece: Any) -> Any:
        if isinstance(piece, list):
            return [inline(item) for item in piece]
        if not isinstance(piece, dict):
            return piece
        if "$ref" in piece:
            name = piece["$ref"].rpartition("/")[2]
            found = inline(definitions[name])
            return {"anyOf": [{"type": "string"}, found]} if name in ALSO_TEXT else found
        return {key: inline(value) for key, value in piece.items() if not _is_title(key, value)}

    whole: Schema = inline(schema)
    whole.pop("description", None)
    return whole


def _is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)


def _describe(schema: Schema, name: str, about: dict[str, str]) -> None:
    """Adds what conf/ says of a setting and those below it."""
    if name in about:
        schema["description"] = about[name]
    for choice in [schema, *schema.get("oneOf", []), *schema.get("anyOf", [])]:
        for inner, inside in choice.get("properties", {}).items():
            _describe(inside, f"{name}.{inner}", about)
