"""A sweep's file: settings as after `dvc exp run -S`; a list stands for its values in turn.

    recipe: [sft, rft, sipf]
    seed: [0, 1, 2]
    task.n_train: 200

is nine runs. A file may also be a list of such mappings: the runs of each. A value that is itself a
list is a list in a list (`model.stop: [["\\n"]]`).
"""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from schemas.errors import RatchetError
from stages.explore.reproduce.needed_runs import NeededRun, merge, needed_run
from stages.pipeline import params

PLAIN = re.compile(r"[\w./+@%-][\w./+@% -]*")  # what Hydra reads as it is written


def read_sweep(file: Path, given: list[str]) -> list[NeededRun]:
    """The runs of a sweep, each once, in the file's order; `given` replaces what the file sets.

    Raises RatchetError if the file can't be read, or is no mapping of settings.
    """
    try:
        content = params.read_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RatchetError(f"{file}: {error.strerror}: name a file of settings") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise RatchetError(f"{file} is not YAML: write NAME: VALUE or NAME: [VALUE, …]") from error
    grids = content if isinstance(content, list) else [content]
    runs = [run for grid in grids for run in _runs(file, grid, given)]
    return list(dict.fromkeys(runs))


def _runs(file: Path, grid: Any, given: list[str]) -> list[NeededRun]:
    if not isinstance(grid, dict) or not grid:
        raise RatchetError(f"{file}: {grid!r} is no settings: write NAME: VALUE, as `recipe: sipf`")
    axes = [[f"{n}={_text(file, n, v)}" for v in _values(file, n, v)] for n, v in grid.items()]
    return [needed_run([*merge(settings, given).values()]) for settings in product(*axes)]


def _values(file: Path, name: Any, value: Any) -> list[Any]:
    """The values that a setting takes in turn."""
    if value == []:
        raise RatchetError(f"{file}: {name} is an empty list: give it a value")
    return value if isinstance(value, list) else [value]


def _text(file: Path, name: Any, value: Any) -> str:
    """A value as Hydra reads it from a command line."""
    if isinstance(value, dict):
        inner = next(iter(value), "…")
        raise RatchetError(f"{file}: {name} has settings below it: write {name}.{inner}: VALUE")
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
