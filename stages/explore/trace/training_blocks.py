"""A pair or an example in `ratchet trace`: what a model was trained on, and where it comes from."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from stages.explore.trace.life import Row
from stages.explore.trace.step_lines import RIGHT, WRONG
from stages.results.terminal import grid


def pair_fields(row: Row) -> Iterator[RenderableType]:
    """Both sides of a pair, with their rewards, and what they have in common."""
    fields: list[tuple[str, str | Text]] = [("trains", f"the model of iteration {row['trains']}")]
    if row["margin"] is not None:
        fields.append(("margin", f"{row['margin']:.6g}"))
    if row["prefix"]:
        fields.append(("prefix", row["prefix"]))
    for side in ("chosen", "rejected"):
        fields += [(side, _side(row, side)), ("", row[side])]
    yield grid(fields)


def example_fields(row: Row) -> Iterator[RenderableType]:
    """An example's text, and the path that it is, if it is one."""
    fields: list[tuple[str, str | Text]] = [
        ("trains", f"the model of iteration {row['trains']}"),
        ("origin", f"{row['origin']} {row['path_id'] or ''}".strip()),
        ("answer", _outcome(row["correct"])),
        ("text", row["completion"]),
    ]
    yield grid(fields)


def _side(row: Row, side: str) -> Text:
    reward = row[f"{side}_reward"]
    shown = "" if reward is None else f", reward {reward:.3f}"
    return _outcome(row[f"{side}_correct"]).append(f"{shown}: {row[f'{side}_id']}", "default")


def _outcome(correct: bool) -> Text:
    return Text("correct", RIGHT) if correct else Text("wrong", WRONG)
