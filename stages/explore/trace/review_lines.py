"""What `ratchet trace` shows about a problem's greedy answers: wrong steps found, and duels."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from stages.explore.trace.life import Life, Row
from stages.explore.trace.step_lines import RIGHT, UNSURE, WRONG
from stages.results.terminal import filled_columns_table

VERDICT_COLUMNS = ("verdict_first", "verdict_second")
VERDICTS = {"won": RIGHT, "lost": WRONG}


def review(life: Life, since: int) -> Iterator[RenderableType]:
    """Yields up to two tables, of the iterations from `since` on; none without reviews."""
    cells = [
        (
            row["iteration"],
            row["reviewer"],
            first_wrong_step(row),
            row["probability_min"],
            row["reflection"],
        )
        for row in life.flaws
        if row["iteration"] >= since
    ]
    if cells:
        heads = ["iteration", "reviewer", "in the right answer", "lowest step", "reflection"]
        yield filled_columns_table(heads, cells, "the greedy answer looked through")
    cells = [
        (
            row["iteration"],
            row["rival"],
            row["aspect"],
            *(_verdict(row[column]) for column in VERDICT_COLUMNS),
        )
        for row in life.duels
        if row["iteration"] >= since
    ]
    if cells:
        heads = ["iteration", "against", "aspect", "standing first", "standing second"]
        yield filled_columns_table(heads, cells, "the greedy answer compared")


def first_wrong_step(row: Row) -> Text:
    """The earliest wrong step, if any."""
    if row["first_wrong"] < 0:
        return Text("no wrong step", RIGHT)
    return Text(f"step {row['first_wrong']} of 0 to {row['n_steps'] - 1} is wrong", WRONG)


def _verdict(verdict: str | None) -> Text | None:
    return None if verdict is None else Text(verdict, VERDICTS.get(verdict, UNSURE))
