"""check: examines every parameter of the run before anything is made.

Unknown names, wrong types, values out of range and values that conflict stop the run here, before
a model loads, and so do a file, a model or bubblewrap that is missing, and a model that this
machine's memory can't hold. The stage's rejects are always empty. Every other stage waits for them,
and since they never change, no stage reruns because of them. What stages open on this machine is
linked in inputs/ (`stages.contract.local_files`), beside a list of the code that each can run
(`stages.contract.code_files`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from schemas.rejects import Rejects
from schemas.settings import Settings
from stages.contract.code_files import list_code
from stages.contract.conflicts import refuse_conflicts
from stages.contract.local_files import find_local_files, link_local_files
from stages.contract.parsed_parameters import Parameters
from stages.contract.stage_list import SCALARS, load_stages, sections
from stages.engines.engine import refuse_missing_engine
from stages.models.hub_revision import is_commit
from stages.pipeline import loop
from stages.pipeline.inputs import Made, once
from stages.pipeline.notes import print_note
from stages.pipeline.params import Section, load, parse, unknown_name_message
from stages.pipeline.stage import stage
from stages.planning.shortage import refuse_shortage


def check_values(values: dict[str, Any], known: dict[str, type[Section]]) -> Parameters:
    """The parameters, parsed. Raises RatchetError on the first that is wrong."""
    for name in values:
        if name not in known and name not in (*SCALARS, loop.SECTION):
            raise RatchetError(f"params.yaml: {unknown_name_message(name, [*known, *SCALARS])}")
    for name, (low, high) in SCALARS.items():
        number = values.get(name)
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise RatchetError(
                f"params.yaml: {name} is {number!r}: set a whole number from {low} to {high}"
            )
    for path in _unset_names(values):
        raise RatchetError(f"params.yaml: {path} is not set: give it with -S {path}=…")
    _refuse_another_loop(values)
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


def _refuse_another_loop(values: Mapping[str, Any]) -> None:
    """Raises RatchetError if only one of `iteration` and what follows from it was changed."""
    iteration = values["iteration"]
    if values.get(loop.SECTION) != loop.unroll(iteration):
        raise RatchetError(
            f"params.yaml: section {loop.SECTION} does not fit iteration: {iteration}, from which "
            f"`dvc exp run` makes it: run `dvc exp run -S iteration={iteration}` with the run's "
            "other settings, or restore the file with `git checkout params.yaml`"
        )


def examine(values: dict[str, Any]) -> dict[str, Path]:
    """Everything that is checked; returns the local files that settings name.

    Raises RatchetError on the first value that is wrong.
    """
    parameters = check_values(values, sections())
    files = find_local_files([getattr(parameters, name) for name in sections()], load_stages())
    if parameters.task.asks_for_programs:
        parameters.grade.require_sandbox()
    if parameters.compute.ray is None:  # the machines of a cluster may have what this one lacks
        refuse_missing_engine(parameters.engine)
    refuse_shortage(parameters)
    return files


def unpinned_warning(read: Iterable[Section]) -> str | None:
    """What is read from the hub without a commit; None if nothing is."""
    ids = {name: found for section in read for name, found in section.hub_ids().items()}
    loose = [f"{name}={source}" for name, (source, revision) in ids.items()
             if not is_commit(revision)]  # fmt: skip
    if not loose:
        return None
    return (
        f"without a commit of the hub, a later run may read something else: {', '.join(loose)}. "
        "`ratchet sql 'from sources'` shows the commits of this run (docs/tutorial.md: The same "
        "bytes a year later)"
    )


@stage(writes=[once(Settings), once(Rejects)])
def check(inputs: Made.inputs) -> dict[str, pl.DataFrame]:
    """Checks params.yaml, and gathers what each stage reads besides tables: files, code."""
    values = load()
    files = examine(values)
    read = (parse(section, values) for section in sections().values())
    if warning := unpinned_warning(read):
        print_note("check", warning)
    others = [other for other in load_stages() if other.name != "check"]
    link_local_files(files, others, inputs)
    list_code(others, inputs)
    rows = [
        {"section": section, "name": name, "value": json.dumps(value)}
        for section, entries in values.items()
        if section != loop.SECTION
        for name, value in (entries.items() if isinstance(entries, dict) else [("", entries)])
    ]
    return {"settings": pl.DataFrame(rows), "rejects": Rejects.create_empty()}


if __name__ == "__main__":
    check.main()
