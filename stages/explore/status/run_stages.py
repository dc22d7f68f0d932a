"""The stages of a run in their order, and which of them are done, by DVC's files alone.

A stage is done if the lock files have it with the parameters of now, and with what the stages
before it have made. Nothing is hashed, so this is quick, and does not wait for a run that holds
DVC's lock; changes of code are what `dvc status` knows.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import RatchetError
from stages.contract.stage_list import DVC_FILES, STAGES
from stages.pipeline.params import value_at

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILES = [Path(name) for name in DVC_FILES]


@dataclass(frozen=True)
class RunStage:
    """A stage in an iteration (0: once a run)."""

    name: str
    iteration: int
    is_done: bool

    @property
    def label(self) -> str:
        """`align@2`; a stage of the whole run has its name alone."""
        return f"{self.name}@{self.iteration}" if self.iteration else self.name


def run_stages(values: dict[str, Any]) -> list[RunStage]:
    """The stages of the run of these parameters, in order.

    Raises RatchetError without DVC's files, or without the loop in the parameters.
    """
    locked: dict[str, Any] = {}
    for file in FILES:
        if not file.exists():
            raise RatchetError(f"{file} is missing: restore it with `git checkout {file}`")
        locked |= _read(file.with_suffix(".lock")).get("stages", {})
    stages, outs = [], _outs(locked)
    for name, iteration, key in _keys(values):
        entry = locked.get(key)
        is_done = entry is not None and _is_current(entry, values, outs)
        stages.append(RunStage(name, iteration, is_done))
    return _after_what_is_left(stages, locked)


def _keys(values: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """(stage, iteration, its name in a lock file), in the order of a run."""
    declared = {name: entry for file in FILES for name, entry in _read(file)["stages"].items()}
    loops = {name: entry["foreach"][2:-1] for name, entry in declared.items() if "foreach" in entry}
    once = [name for name in STAGES if name in declared and name not in loops]
    yield from ((name, 0, name) for name in once if name != "report")
    each = {name: loops[name] for name in STAGES if name in loops}
    runs = {name: {int(key) for key in value_at(path, values)} for name, path in each.items()}
    for iteration in sorted(set().union(*runs.values())):
        named = [name for name in runs if iteration in runs[name]]
        yield from ((name, iteration, f"{name}@{iteration}") for name in named)
    yield "report", 0, "report"


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        read = yaml.load(file.read_text(), LOADER)
    except yaml.YAMLError as error:
        raise RatchetError(f"{file} is not YAML: `git checkout {file}` restores it") from error
    return read if isinstance(read, dict) else {}


def _outs(locked: dict[str, Any]) -> dict[str, str]:
    """Path → hash of everything that a stage has made."""
    return {
        out["path"]: out.get("md5", "")
        for entry in locked.values()
        for out in entry.get("outs", [])
    }


def _is_current(entry: dict[str, Any], values: dict[str, Any], outs: dict[str, str]) -> bool:
    """Whether a locked stage had the parameters of now, and what other stages have made."""
    for named in entry.get("params", {}).values():
        if any(_as_text(_value(values, name)) != _as_text(v) for name, v in named.items()):
            return False
    deps = entry.get("deps", [])
    return all(outs.get(dep["path"], dep.get("md5")) == dep.get("md5") for dep in deps)


def _value(values: Any, name: str) -> Any:
    """The value of a dotted name."""
    for key in name.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _after_what_is_left(stages: list[RunStage], locked: dict[str, Any]) -> list[RunStage]:
    """The stages, of which none is done that reads what another has still to make."""
    unmade: set[str] = set()
    marked = []
    for stage in stages:
        at_zero = locked.get(stage.name) or locked.get(f"{stage.name}@0") or {}
        entry = locked.get(stage.label) or (at_zero if not stage.iteration else {})
        reads = {dep["path"] for dep in entry.get("deps", [])}
        is_done = stage.is_done and not reads & unmade
        if not is_done:
            unmade |= {out["path"] for out in entry.get("outs", [])}
        marked.append(RunStage(stage.name, stage.iteration, is_done))
    return marked
