"""Which stages of different runs are the same to DVC, so that the second is restored or reused.

A stage's result follows from its parameters and from what it reads; DVC's files say both.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from stages.contract.dvc_files import ROOT
from stages.contract.stage_list import DVC_FILES
from stages.explore.output import dumps
from stages.pipeline.digests import digest
from stages.pipeline.params import fill_in, value_at

CONSTANT = "check"  # reads every parameter, and writes nothing that another stage reads
ROOTS = ("data/", "models/")
Key = str


@cache
def _declarations() -> dict[str, dict[str, Any]]:
    """Stage → its entry in DVC's files; of a loop, with placeholders."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files = [yaml.load((ROOT / name).read_text(), loader)["stages"] for name in DVC_FILES]
    return {name: entry for stages in files for name, entry in stages.items() if name != "report"}


def _at(path: str | dict[str, Any], iteration: int, values: dict[str, Any]) -> str:
    """A path of DVC's files in an iteration of the run with these values; options are left out."""
    name = path if isinstance(path, str) else next(iter(path))
    for item in ("${key}", "${item}"):
        name = name.replace(item, str(iteration))
    return fill_in(name.replace("${item.prev}", str(max(iteration - 1, 0))), values)


class SharedStages:
    """Keys of the stages of one run: two runs whose stages have one key share its result."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self._keys: dict[tuple[str, int], Key] = {}
        self._makers = {
            _at(path, iteration, values): (name, iteration)
            for name, entry in _declarations().items()
            for iteration in _iterations(entry, values)
            for path in _content(entry)["outs"]
        }

    def key(self, stage: str, iteration: int) -> Key:
        """Of a stage in an iteration; 0 for stages that run once."""
        if (stage, iteration) not in self._keys:
            self._keys[stage, iteration] = self._make(stage, iteration)
        return self._keys[stage, iteration]

    def _make(self, stage: str, iteration: int, without_k: bool = False) -> Key:
        declaration = _declarations()[stage]
        entry = _content(declaration)
        if stage == CONSTANT:
            return stage
        parameters = {name: value_at(name, self.values) for name in entry["params"]}
        if without_k:
            parameters["sample"] = {k: v for k, v in parameters["sample"].items() if k != "k"}
        if (stage, iteration) == ("dedup", 1):  # no earlier paths: its tables are equal either way
            parameters["dedup"] = parameters["dedup"] | {"cumulative": False}
        paths = [_at(path, iteration, self.values) for path in entry["deps"]]
        read = [path for path in paths if path.startswith(ROOTS)]
        makers = {maker for path in read for maker in self._makers_of(path)}
        before = [self.key(*maker) for maker in sorted(makers)]
        own = (stage, iteration) if "foreach" in declaration else (stage,)
        return digest(*map(str, own), dumps(parameters), *before)

    def _makers_of(self, path: str) -> list[tuple[str, int]]:
        """The stages that write a folder, or a partition of it."""
        return [m for out, m in self._makers.items() if out == path or out.startswith(f"{path}/")]

    def draws_key(self, stage: str, iteration: int) -> Key:
        """Of a stage's draws: its key, but of one model's samples sample.k is no part of it.

        The ledger has the first k of them for whoever draws more.
        """
        if stage != "sample":
            return self.key(stage, iteration)
        return self._make(stage, iteration, without_k=True)


def _iterations(entry: dict[str, Any], values: dict[str, Any]) -> list[int]:
    """Those in which a stage runs; 0 for one that runs once."""
    if "foreach" not in entry:
        return [0]
    return [int(key) for key in value_at(entry["foreach"][2:-1], values)]


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    """What a stage reads and writes, of a loop too."""
    content: dict[str, Any] = entry.get("do", entry)
    return content
