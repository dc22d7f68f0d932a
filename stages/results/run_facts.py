"""What run this is: its names, when and where it was made, and what differs from the defaults."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from schemas import views
from stages.pipeline import loop
from stages.pipeline.compose import compose_conf
from stages.results import queries

CONF = Path(__file__).resolve().parents[2] / "conf"
GROUPS = ("recipe", "task", "model")
OWN_SECTIONS = ("run", "report", loop.SECTION)  # names, and what follows from iteration
ABSENT = "–"


@dataclass(frozen=True)
class Changed:
    """A parameter whose value is not the other one: the default, or that of another run."""

    name: str
    value: str
    other: str


@dataclass(frozen=True)
class Run:
    """A run as the page shows it: its name there, its views, and its metrics.json."""

    name: str
    connection: Any
    measured: dict[str, Any]

    @property
    def names(self) -> dict[str, Any]:
        """Its recipe, task, model, seed and number of iterations."""
        return cast("dict[str, Any]", self.measured["run"])

    @cached_property
    def executions(self) -> list[dict[str, Any]]:
        """Where and when its stages were executed, the newest first."""
        return queries.ask(self.connection, "executions")

    @cached_property
    def settings(self) -> dict[str, str]:
        """Dotted name → JSON of every parameter."""
        rows = views.ask(self.connection, "select section, name, value from settings order by all")
        values: dict[str, Any] = {}
        for row in rows:
            names = ".".join(filter(None, (row["section"], row["name"])))
            values[names] = json.loads(row["value"])
        return flat_values(values)

    @property
    def end_time(self) -> str:
        """When the last of its stages ended: "2026-11-28, 13:46 UTC"; "" if nobody noted it."""
        times = [row["last_ended_at"] for row in self.executions]
        return max(times).replace("T", ", ")[:17] + " UTC" if times else ""

    @property
    def summary(self) -> str:
        """Date, commit and machine in one line."""
        if not self.executions:
            return "date, commit and machine not recorded"
        newest = self.executions[0]
        return ", ".join(filter(None, (self.end_time[:10], newest["commit"], newest["machine"])))

    def facts(self) -> list[tuple[str, str]]:
        """(name, text) of what is on record; several values if stages differ, the newest first."""
        noted = [("finished", self.end_time)]
        for name in ("commit", "machine", "versions"):
            values = dict.fromkeys(row[name] for row in self.executions if row[name])
            noted.append((name, "; ".join(values)))
        return [(name, text or "not recorded") for name, text in noted]

    def changed_settings(self) -> list[Changed] | None:
        """What differs from conf/ with this recipe, task and model; None if conf/ lacks them."""
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        try:
            composed = compose_conf(CONF, [f"{group}={self.names[group]}" for group in GROUPS])
        except (HydraException, OmegaConfBaseException, OSError):
            return None
        sections = {name.partition(".")[0] for name in self.settings}
        defaults = flat_values(composed)
        own = {n: text for n, text in defaults.items() if n.partition(".")[0] in sections}
        return differences(self.settings, own)


def differences(values: dict[str, str], others: dict[str, str]) -> list[Changed]:
    """The parameters in which two sets differ, by name; what only one has too."""
    return [
        Changed(name, values.get(name, ABSENT), others.get(name, ABSENT))
        for name in _ordered_names(values, others)
        if values.get(name) != others.get(name) and name.partition(".")[0] not in OWN_SECTIONS
    ]


def _ordered_names(values: Iterable[str], others: Iterable[str]) -> list[str]:
    return sorted({*values, *others})


def flat_values(values: dict[str, Any], above: str = "") -> dict[str, str]:
    """Dotted name → JSON of nested mappings; an empty mapping is a value."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            flat |= flat_values(value, f"{above}{name}.")
        elif value != "???":  # what conf/ leaves to the user
            flat[f"{above}{name}"] = json.dumps(value, ensure_ascii=False)
    return flat
