"""A run that a table needs, by its settings; and how lists of settings are put together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any

from schemas.errors import RatchetError
from stages.contract.dvc_files import ROOT
from stages.explore.experiments import flatten_parameters
from stages.explore.output import dumps
from stages.explore.plan_command import compose

FREE = ("run", "compute", "report", "iteration")
"""Parameters in which a run may differ from the one that a table needs."""


@dataclass(frozen=True)
class NeededRun:
    """A run by its settings, without `iteration`: the last that any cell needs.

    stage: the last stage that is needed of it, report or prepare.
    """

    settings: tuple[str, ...]
    iteration: int
    stage: str = "report"

    @property
    def overrides(self) -> tuple[str, ...]:
        """What follows `-S`."""
        return (*self.settings, f"iteration={self.iteration}")

    @property
    def values(self) -> dict[str, Any]:
        """Its parameters. Raises RatchetError if conf/ can't compose them."""
        return _compose(self.overrides)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Dotted name → value of every parameter that a run must have to be this one."""
        if self.stage == "prepare":
            return flatten_parameters({name: self.values[name] for name in ("task", "seed")})
        kept = {name: value for name, value in self.values.items() if name not in FREE}
        return flatten_parameters(kept)

    @property
    def settings_by_name(self) -> dict[str, str]:
        """Name → value of the settings."""
        return dict(split(text) for text in self.settings)

    @property
    def choices(self) -> dict[str, str]:
        """The names of its recipe, task and model, and its seed."""
        names = ("recipe", "task", "model", "seed")
        return {name: value for name, value in self.settings_by_name.items() if name in names}

    @property
    def experiment(self) -> str:
        """The experiment's name: the same for the same parameters."""
        digest = blake2b(dumps([self.settings, self.iteration]).encode(), digest_size=3).hexdigest()
        names = [self.choices[name] for name in ("recipe", "task") if name in self.choices]
        return "-".join([*names, digest]).replace("_", "-")


@cache
def _compose(overrides: tuple[str, ...]) -> dict[str, Any]:
    for group, name in (split(text) for text in overrides):
        folder = ROOT / "conf" / group
        if folder.is_dir() and not name.startswith("[") and not (folder / f"{name}.yaml").exists():
            known = [file.stem for file in folder.glob("*.yaml")]
            near = [f"; did you mean {n}?" for n in difflib.get_close_matches(name, known, n=1)]
            raise RatchetError(f"conf/{group}/ has no {name}{''.join(near)}")
    return compose(list(overrides))


def needed_run(settings: Iterable[str]) -> NeededRun:
    """The run of these settings: up to the iteration that they name, or else that of conf/.

    Raises RatchetError if that is no number, or conf/ can't compose them.
    """
    named = merge(settings)
    last = split(named.pop("iteration"))[1] if "iteration" in named else None
    own = tuple(named.values())
    last = str(_compose(own)["iteration"]) if last is None else last
    if not last.isdecimal():
        raise RatchetError(f"iteration={last}: set a whole number")
    return NeededRun(own, int(last))


def split(setting: str) -> tuple[str, str]:
    """(name, value) of NAME=VALUE; the value of ~NAME is "". Raises RatchetError without "="."""
    name, equals, value = setting.lstrip("+~").partition("=")
    if not name or not (equals or setting.startswith("~")):
        raise RatchetError(f"-S {setting}: write NAME=VALUE, as after `dvc exp run -S`")
    return name, value


def merge(*lists: Iterable[str]) -> dict[str, str]:
    """Name → setting, a later one in place of an earlier one."""
    return {split(text)[0]: text for settings in lists for text in settings}
