"""check: examines every parameter of the run before anything is made.

Unknown names, wrong types, values out of range and values that conflict stop the run here, before
a model loads, and so does a model that this machine's memory can't hold. The stage's rejects are
always empty. Every other stage waits for them, and since they never change, no stage reruns because
of them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from schemas.rejects import Rejects
from schemas.settings import Settings
from stages.contract.conflicts import Parameters, refuse_conflicts
from stages.contract.stage_list import SCALARS, sections
from stages.engines.engine import refuse_missing_engine
from stages.pipeline.inputs import once
from stages.pipeline.params import Section, load, parse, unknown_name_message
from stages.pipeline.stage import stage
from stages.planning.shortage import refuse_shortage


def check_values(values: dict[str, Any], known: dict[str, type[Section]]) -> Parameters:
    """The parameters, parsed. Raises RatchetError on the first that is wrong."""
    for name in values:
        if name not in known and name not in SCALARS:
            raise RatchetError(f"params.yaml: {unknown_name_message(name, [*known, *SCALARS])}")
    for name, (low, high) in SCALARS.items():
        number = values.get(name)
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise RatchetError(
                f"params.yaml: {name} is {number!r}: set a whole number from {low} to {high}"
            )
    for path in _unset_names(values):
        raise RatchetError(f"params.yaml: {path} is not set: give it with -S {path}=…")
    sections = {name: parse(section, values) for name, section in known.items()}
    parameters = Parameters(**sections, **{name: values[name] for name in SCALARS})
    refuse_conflicts(parameters)
    return parameters


def _unset_names(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted names of what conf/ leaves to the user."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _unset_names(value, f"{above}{name}.")
        elif value == "???":
            yield f"{above}{name}"


@stage(writes=[once(Settings), once(Rejects)])
def check() -> dict[str, pl.DataFrame]:
    """Checks params.yaml and keeps its values as a table."""
    values = load()
    parameters = check_values(values, sections())
    if parameters.compute.ray is None:  # the machines of a cluster may have what this one lacks
        refuse_missing_engine(parameters.engine)
    refuse_shortage(parameters)
    rows = [
        {"section": section, "name": name, "value": json.dumps(value)}
        for section, entries in values.items()
        for name, value in (entries.items() if isinstance(entries, dict) else [("", entries)])
    ]
    return {"settings": pl.DataFrame(rows), "rejects": Rejects.create_empty()}


if __name__ == "__main__":
    check.main()
