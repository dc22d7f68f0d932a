"""`ratchet settings`: settings by a word in their name or meaning, with their values."""

import difflib
from typing import Any

from schemas.errors import RatchetError
from stages.contract.dvc_files import ROOT
from stages.contract.settings_page import GROUPS, Entry, setting_entries
from stages.explore.experiments import flatten_parameters
from stages.explore.output import dumps
from stages.pipeline import params
from stages.results import terminal


def show_settings(word: str | None, as_json: bool) -> None:
    """Prints the settings that a word names, or all. Raises RatchetError if it names none."""
    here = flatten_parameters(params.load()) if params.FILE.exists() else {}
    rows = [_row(entry, here) for entry in find_settings(word)]
    if as_json:
        print(dumps(rows))
        return
    heads = ["setting", "here", "in conf/", "is"]
    cells = [[row["setting"], row.get("here"), row["default"], row["about"]] for row in rows]
    terminal.console().print(terminal.filled_columns_table(heads, cells))
    terminal.note("change one with `dvc exp run -S NAME=VALUE`; docs/settings.md has all")


def find_settings(word: str | None) -> list[Entry]:
    """The settings whose name or meaning holds the word; those with the word in the name first.

    Raises RatchetError with the nearest names if there is none.
    """
    known = [entry for entry in setting_entries(ROOT / "conf") if entry.value is not None]
    wanted = (word or "").lower()
    named = [entry for entry in known if wanted in entry.name.lower()]
    found = [*named, *(e for e in known if wanted in e.comment.lower() and e not in named)]
    if not found:
        raise RatchetError(f"no setting is called {word} or says so: {nearest(wanted, known)}")
    return found


def nearest(name: str, known: list[Entry]) -> str:
    """A hint at settings, or choices of conf/, of similar names: whole, or without a section."""
    full = [*GROUPS, *(entry.name for entry in known)]
    last = {entry.name.rpartition(".")[2]: entry.name for entry in known}
    near = difflib.get_close_matches(name, full, n=2, cutoff=0.8) or [
        last[key] for key in difflib.get_close_matches(name, last, n=2, cutoff=0.7)
    ]
    return f"did you mean {' or '.join(near)}?" if near else "`ratchet settings` lists them"


def _row(entry: Entry, here: dict[str, Any]) -> dict[str, Any]:
    row = {"setting": entry.name, "default": entry.value, "about": entry.comment}
    return row | ({"here": dumps(here[entry.name])} if entry.name in here else {})
