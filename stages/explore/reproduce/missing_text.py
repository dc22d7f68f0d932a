"""What a table needs, on the terminal: its runs, those that are there, and the others' cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stages.explore.reproduce.missing_cost import Cost, plan_missing
from stages.explore.reproduce.needed_runs import split
from stages.explore.reproduce.paper_tables import PaperTable
from stages.explore.reproduce.run_missing import OPEN
from stages.explore.reproduce.run_search import Found
from stages.explore.reproduce.table_text import WIDTH
from stages.planning.plan_text import duration
from stages.results import terminal


def show_runs(
    name: str, table: PaperTable, found: Sequence[Found], given: list[str], probe: bool
) -> None:
    """Prints a table's runs, and the cost of those that are missing."""
    again = f"ratchet reproduce {name}{''.join(f' -S {text}' for text in given)}"
    show_found([f"{name}: {table.title}", table.about], found, probe, again)


def show_found(heads: Sequence[str], found: Sequence[Found], probe: bool, again: str) -> None:
    """Prints runs with their states, and the cost of those that are missing.

    heads: lines above, of which the first is a title. again: the command that shows these runs.
    """
    if terminal.results_only():
        return
    console = terminal.console()

    def say(line: str, style: str = "none") -> None:
        console.print(line, width=WIDTH, style=style, markup=False)

    for number, head in enumerate(heads):
        say(head, "none" if number else "bold")
    common = _common_settings(found)
    if common:
        say(f"all runs: {' '.join(common)}", "dim")
    rows = [[_own_settings(one, common), one.run.iteration, one.state, _name(one)] for one in found]
    console.print(terminal.table(["run", "iterations", "state", "experiment"], rows), width=WIDTH)
    for one in (one for one in found if one.remark):
        say(f"{one.run.experiment}: {one.remark}", "dim")
    missing = [one.run for one in found if one.state in OPEN]
    if missing:
        there = [one.run for one in found if one.state == "there"]
        for line in cost_lines(plan_missing(missing, there, probe), len(missing), probe):
            say(line)
        say(f"make them with: {again} --run")


def _common_settings(found: Sequence[Found]) -> list[str]:
    """Settings that all runs have; not the recipe."""
    counts = Counter(text for one in found for text in one.run.settings)
    return [t for t, n in counts.items() if n == len(found) and split(t)[0] != "recipe"]


def _own_settings(one: Found, common: Sequence[str]) -> str:
    own = [text for text in one.run.settings if text not in common]
    names = {text: split(text)[1] for text in own if split(text)[0] in ("recipe", "task")}
    return " ".join(names.get(text, text) for text in own)


def _name(one: Found) -> str:
    return one.revision or one.run.experiment


def cost_lines(cost: Cost, n_missing: int, probe: bool) -> list[str]:
    """What the missing runs take, in sentences."""
    lines = []
    if cost.n_alone:
        saved = cost.n_alone - cost.n_draws
        lines.append(
            f"{n_missing} to make: at most {cost.n_draws:,} draws and {cost.n_tokens:,} tokens "
            f"written or trained on. Alone they would draw {cost.n_alone:,}: sharing saves "
            f"{saved:,} ({100 * saved / cost.n_alone:.0f}%)."
        )
        time = duration(cost.elapsed_s) if probe else ""
        lines.append(f"About {time} here, at most." if time else "Time: --probe measures it here.")
    if cost.unknown:
        stages = ", ".join(sorted(cost.unknown))
        lines.append(f"Not known, as the number of problems or the model's sizes: {stages}.")
    for reason in dict.fromkeys(cost.refused.values()):
        names = ", ".join(run.experiment for run, why in cost.refused.items() if why == reason)
        lines.append(f"{names}: no plan: {reason}")
    return lines
