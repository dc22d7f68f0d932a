"""A reproduced table on the terminal, in the paper's layout: ours above, the paper's below."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from stages.explore.reproduce.cell_values import Value
from stages.explore.reproduce.side_by_side import NOT_ON_FILE, Comparison
from stages.explore.reproduce.table_layout import Layout
from stages.results import terminal

WIDTH = 78  # columns of a sentence
NAMED = 4  # settings that are named where there are more
MARK = "*"  # of a paper's number that ours can't be compared with
WORDS = {"missing": "not run", "impossible": "can't run"}


def number(value: float, unit: str) -> str:
    """A number as it is read: one decimal of a percentage, whole counts, three digits else."""
    if unit == "%":
        return f"{value:.1f}"
    return f"{value:,.0f}" if unit in ("draws", "problems") else f"{value:.3g}"


def ours_text(comparison: Comparison) -> str:
    """ "37.0 [34.1, 39.9]", "37.0 ± 3.5 (3)", or why there is none."""
    value: Value | None = comparison.ours
    if value is None:
        return WORDS.get(comparison.absent, comparison.absent)
    unit = str(comparison.row()["unit"])
    text = number(value.value, unit)
    if value.spread is not None:
        return f"{text} ± {number(value.spread, unit)} ({value.n_seeds})"
    if value.low is None or value.high is None:
        return text
    return f"{text} [{number(value.low, unit)}, {number(value.high, unit)}]"


def theirs_text(comparison: Comparison, changed: bool) -> str:
    """The paper's number as it is printed there, marked if ours is of another run."""
    if comparison.theirs is None:
        return "" if changed else NOT_ON_FILE
    value, unit = comparison.theirs.value, comparison.row()["unit"]
    text = f"{value:,.0f}" if unit in ("draws", "problems") else f"{value:g}"
    return f"{text}{MARK if changed else ''}"


def print_table(
    layout: Layout, comparisons: Sequence[Comparison], changed: list[str], title: str
) -> None:
    """Prints a table for each block of columns; 80 columns are enough."""
    console = terminal.console()
    for block, columns in enumerate(layout.blocks):
        own = [c for c in comparisons if c.cell.block == block]
        rows: list[list[str] | list[Text]] = []
        for name in layout.rows:
            shown = [c for c in own if c.cell.row == name]
            rows.append([name, *(ours_text(c) for c in shown)])
            theirs = [theirs_text(c, bool(changed)) for c in shown]
            if any(theirs):
                rows.append([Text(text, "dim") for text in ("  paper", *theirs)])
        heads = ["", *(column.name for column in columns)]
        console.print(terminal.table(heads, rows, title if block == 0 else None))
        console.print()
    for line in [] if terminal.results_only() else remarks(comparisons, changed):
        console.print(line, style="dim", markup=False, width=WIDTH)


def remarks(comparisons: Sequence[Comparison], changed: list[str]) -> list[str]:
    """What the numbers are, and why some can't be compared."""
    values = [c.ours for c in comparisons if c.ours]
    found = []
    if any(value.low is not None for value in values):
        found.append("[low, high]: 95% interval over problems")
    if any(value.spread is not None for value in values):
        found.append("±: sample standard deviation over (n) seeds")
    on_file = [c for c in comparisons if c.theirs]
    if changed:
        mark = f"{MARK}: not comparable" if on_file else "not comparable with the paper"
        more = [f"{len(changed) - NAMED} more"] if len(changed) > NAMED else []
        found.append(f"{mark}, ours has {', '.join([*changed[:NAMED], *more])}")
    elif len(on_file) < len(comparisons):
        n = len(comparisons) - len(on_file)
        found.append(f"{n} of {len(comparisons)} of the paper's numbers are {NOT_ON_FILE}")
    return found
