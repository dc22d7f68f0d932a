"""A paper's table of settings: ours, composed from conf/, beside the values that it names."""

from __future__ import annotations

from typing import Any

from stages.explore.experiments import flatten_parameters
from stages.explore.plan_command import compose
from stages.explore.reproduce.needed_runs import merge
from stages.explore.reproduce.paper_tables import PaperTable

HEADS = ("setting", "ours", "paper", "", "source")


def compare_settings(table: PaperTable, given: list[str]) -> list[dict[str, Any]]:
    """A row for each setting; `same` if ours is one of the paper's values.

    Raises RatchetError for settings that conf/ does not know.
    """
    ours = flatten_parameters(compose(list(merge(table.settings, given).values())))
    return [
        {
            "setting": entry.setting,
            "ours": ours.get(entry.setting),
            "theirs": ", ".join(map(_text, entry.values)),
            "same": ours.get(entry.setting) in entry.values,
            "source": entry.source,
        }
        for entry in table.compared
    ]


def cells(rows: list[dict[str, Any]]) -> list[list[str]]:
    """The rows as texts, under HEADS."""
    return [
        [r["setting"], _text(r["ours"]), r["theirs"], "" if r["same"] else "differs", r["source"]]
        for r in rows
    ]


def _text(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
