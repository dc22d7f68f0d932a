"""schemas/params.schema.json: it takes what the stage `check` takes, and marks what it refuses."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stages.contract.dvc_files import ROOT, parameter_values

SCHEMA = json.loads((ROOT / "schemas/params.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
GROUPS = [
    f"{group}={path.stem}"
    for group in ("recipe", "task", "model", "engine", "compute")
    for path in sorted((ROOT / "conf" / group).glob("*.yaml"))
]


def faults(values: dict[str, Any]) -> list[str]:
    """Where values are wrong; what conf/ leaves to the user counts as right."""
    found = VALIDATOR.iter_errors(values)
    return [error.json_path for error in found if "???" not in json.dumps(error.instance)]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("override", GROUPS)
def test_it_takes_every_file_of_conf(override: str) -> None:
    assert faults(parameter_values(override)) == []


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("pair", "margin", "large"),
        ("pair", "margn", 0.1),
        ("guide", "strategy", "answr"),
        ("align", "objective", "dop"),
        ("sample", "top_p", 1.5),
        ("engine", "name", "vlm"),
        ("task", "levels", 6),
    ],
)
def test_it_marks_what_is_wrong(section: str, name: str, value: Any) -> None:
    values = parameter_values()
    assert faults(values) == []
    values[section] = {**values[section], name: value}
    assert [path for path in faults(values) if path.startswith(f"$.{section}")]


def test_settings_say_what_they_are() -> None:
    pair = SCHEMA["properties"]["pair"]
    assert pair["properties"]["margin"]["description"] == "eta, SIPF §2.4, Eq. 6"
