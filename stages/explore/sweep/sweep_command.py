"""`ratchet sweep`: which runs of a sweep are there, and how the others are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stages.explore.output import dumps
from stages.explore.reproduce.missing_text import show_found
from stages.explore.reproduce.reproduce_command import make_runs
from stages.explore.reproduce.run_search import Found, candidates, search
from stages.explore.sweep.sweep_file import read_sweep


def show_sweep(
    file: Path, given: list[str], run: bool, jobs: int, probe: bool, as_json: bool
) -> int:
    """Makes the missing runs if that is wanted, and shows all; returns the exit code.

    Raises RatchetError for a file or a setting that can't be used.
    """
    runs = read_sweep(file, given)
    found = search(runs, candidates())
    code = 0
    if run:
        code = make_runs(found, jobs)
        found = search(runs, candidates())
    if as_json:
        print(dumps([_row(one) for one in found]))
    else:
        again = f"ratchet sweep {file}{''.join(f' -S {text}' for text in given)}"
        show_found([_title(file, found)], found, probe, again)
    return code


def _title(file: Path, found: Sequence[Found]) -> str:
    there = sum(one.state == "there" for one in found)
    hint = "; `ratchet leaderboard` compares them" if there else ""
    return f"{file}: {there} of {len(found)} runs are there{hint}"


def _row(one: Found) -> dict[str, object]:
    return {
        "settings": list(one.run.settings),
        "iteration": one.run.iteration,
        "experiment": one.run.experiment,
        "state": one.state,
        "revision": one.revision or None,
        "remark": one.remark or None,
    }
