"""A chart with what a reader can ask of it, and the frame that all charts share.

Colours are classes, so the page's style decides them: s0, s1, … for names without an order,
o0 to o8 for what has one, such as levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from stages.results.charts.axis import Axis

WIDTH, HEIGHT = 400, 250
LEFT, RIGHT, TOP, BOTTOM = 54, 20, 32, 40
TIER = 14  # pixels between two rows of labels below the x axis
CHARACTER_WIDTH = 7.2  # pixels; an upper bound of a character's average width
N_COLOURS, LAST_SHADE = 8, 8


class Reading(NamedTuple):
    """A value as a reader sees it: its colour's class, its name, its text and its height."""

    colour: str
    name: str
    text: str
    pixel: float


class Stop(NamedTuple):
    """Where pointer and arrow keys stop: a pixel along the axis, a title, and the values there."""

    pixel: float
    title: str
    readings: list[Reading]


@dataclass(frozen=True)
class Figure:
    """A chart with its title, the legend of its series (name, small SVG), a note and its stops.

    `across`: the stops follow each other down the chart instead of along it. `bounds`: the lowest
    and highest value that its axis of values has; `redraw` draws it again with others.
    """

    title: str
    svg: str
    legend: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    stops: list[Stop] = field(default_factory=list)
    across: bool = False
    bounds: tuple[float, float] = (0.0, 1.0)
    redraw: Callable[[tuple[float, float]], Figure] | None = None


def name_colour(index: int) -> str:
    """The class of the series with this index; series have no order."""
    return f"s{index % N_COLOURS}"


def shade(index: int, count: int) -> str:
    """The class of the level with this index among `count`, from the lightest to the darkest."""
    return f"o{round(LAST_SHADE * index / max(1, count - 1))}"


def axes(y_axis: Axis, x_label: str, y_label: str, lower: int = 0) -> list[str]:
    """Grid lines with their values, and the names of both axes; `lower`: pixels for a row more."""
    elements = [
        f'<path class="grid" d="M{LEFT},{y_axis.pixel(y)}H{WIDTH - RIGHT}"/>'
        f'<text class="y" x="{LEFT - 8}" y="{y_axis.pixel(y) + 4:.1f}">{y_axis.label(y)}</text>'
        for y in y_axis.ticks()
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    y = HEIGHT - 5 + lower
    elements.append(f'<text class="name" x="{middle}" y="{y}">{escape(x_label)}</text>')
    elements.append(f'<text class="name start" x="4" y="14">{escape(y_label)}</text>')
    return elements


def tick_text(x: float, text: str, tier: int = 0) -> str:
    """A label below the x axis, inside the chart; `tier` 1: in a second row, if it is crowded."""
    half = CHARACTER_WIDTH * len(text) / 2
    x = max(half, min(x, WIDTH - half))
    y = HEIGHT - BOTTOM + 16 + TIER * tier
    return f'<text class="x" x="{x:.1f}" y="{y}">{escape(text)}</text>'


def svg(title: str, body: Iterable[str], height: int = HEIGHT) -> str:
    """The element around a chart's body."""
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return "".join([head, *body, "</svg>"])
