"""Line charts as SVG text: series over a numeric axis, with intervals where they are known.

Series differ by colour, marker and dash, so colour is never the only difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from stages.results.charts.axis import Axis, round_bounds, zero_based_bounds
from stages.results.charts.figure import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Figure,
    Reading,
    Stop,
    axes,
    name_colour,
    svg,
    tick_text,
)

DENSE = 24  # points in a series from which markers would hide the line
MARKS = (  # paths around the origin: circle, square, diamond, triangle, its mirror image, cross
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z",
    "M-3.5,-3.5h7v7h-7Z",
    "M0,-5L5,0L0,5L-5,0Z",
    "M0,-5L4.8,3.8H-4.8Z",
    "M0,5L4.8,-3.8H-4.8Z",
    "M-5,-1.6h3.4v-3.4h3.2v3.4H5v3.2H1.6V5h-3.2V1.6H-5Z",
)


@dataclass(frozen=True)
class Point:
    """A value, its 95% interval if known, and what else a reader is told of it."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Series:
    """Points under one name; `number` decides colour and marker, `shade` another colour.

    `joined`: whether a line goes through the points.
    """

    name: str
    points: Sequence[Point]
    number: int = 0
    dashed: bool = False
    shade: str = ""
    joined: bool = True

    @property
    def colour(self) -> str:
        """The class of its colour."""
        return self.shade or name_colour(self.number)

    @property
    def mark(self) -> str:
        """The path of its marker."""
        return MARKS[self.number % len(MARKS)]


def lines(
    title: str,
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    percent: bool = False,
    whole: bool = True,
    diagonal: bool = False,
    note: str = "",
    bounds: tuple[float, float] | None = None,
) -> Figure:
    """Lines over a numeric x axis. `percent`: y is a share; `diagonal`: both axes are shares.

    `bounds`: those of the y axis, if not its own.
    """
    points = [point for one in series for point in one.points]
    x_axis = _x_axis([point.x for point in points], diagonal, whole)
    ends = bounds or _y_bounds(points, percent, diagonal)
    y_axis = Axis(*ends, HEIGHT - BOTTOM, TOP, percent)
    body = axes(y_axis, x_label, y_label)
    body += [tick_text(x_axis.pixel(x), x_axis.label(x)) for x in x_axis.ticks(7)]
    if diagonal:
        corners = f"{x_axis.pixel(0)},{y_axis.pixel(0)} {x_axis.pixel(1)},{y_axis.pixel(1)}"
        body.append(f'<polyline class="ideal" points="{corners}"/>')
    if y_axis.low < 0 < y_axis.high:
        body.append(f'<path class="zero" d="M{LEFT},{y_axis.pixel(0)}H{WIDTH - RIGHT}"/>')
    for index, one in enumerate(series):
        dodge = 0.0 if len(series) == 1 else (index - (len(series) - 1) / 2) * 5
        has_interval = any(point.low is not None for point in one.points)
        body += line(one, x_axis, y_axis, dodge if has_interval else 0.0)
    legend = [(one.name, line_swatch(one)) for one in series] if len(series) > 1 else []
    again = partial(lines, title, series, x_label, y_label, percent, whole, diagonal, note)
    told = stops(series, x_axis, y_axis, x_label)
    return Figure(title, svg(title, body), legend, note, told, bounds=ends, redraw=again)


def _x_axis(xs: list[float], diagonal: bool, whole: bool) -> Axis:
    low, high = (0.0, 1.0) if diagonal else (min(xs), max(xs))
    margin = 0.0 if diagonal else (high - low) * 0.04 or 0.5
    return Axis(low - margin, high + margin, LEFT, WIDTH - RIGHT, diagonal, whole)


def _y_bounds(points: Sequence[Point], percent: bool, diagonal: bool) -> tuple[float, float]:
    """From zero, unless there are negative values: then from a round one below all."""
    ends = [end for p in points for end in (p.y, p.low, p.high) if end is not None]
    low, high = zero_based_bounds(max(ends), percent) if min(ends) >= 0 else round_bounds(ends)
    return low, 1.0 if diagonal else high


def line(series: Series, x_axis: Axis, y_axis: Axis, dodge: float) -> list[str]:
    """One series: intervals, the line, and markers unless they would hide it."""
    positions = [(x_axis.pixel(p.x) + dodge, y_axis.pixel(p.y), p) for p in series.points]
    dashed = " dashed" if series.dashed else ""
    elements = [
        f'<path class="whisker" d="M{x:g},{y_axis.pixel(p.low)}V{y_axis.pixel(p.high)}"/>'
        for x, _, p in positions
        if p.low is not None and p.high is not None
    ]
    through = " ".join(f"{x:g},{y:g}" for x, y, _ in positions)
    if series.joined:
        elements.append(f'<polyline class="line{dashed}" points="{through}"/>')
    if len(positions) <= DENSE:
        elements += [
            f'<path class="mark" transform="translate({x:g},{y:g})" d="{series.mark}"/>'
            for x, y, _ in positions
        ]
    return [f'<g class="{series.colour}">', *elements, "</g>"]


def stops(series: Sequence[Series], x_axis: Axis, y_axis: Axis, x_label: str) -> list[Stop]:
    """At each x that any series has, the values of those that have it."""
    found: dict[float, list[Reading]] = {}
    for one in series:
        for p in one.points:
            reading = Reading(one.colour, one.name, value_text(p, y_axis), y_axis.pixel(p.y))
            found.setdefault(p.x, []).append(reading)
    return [
        Stop(x_axis.pixel(x), f"{x_label} {_x_text(x, x_axis)}", found[x]) for x in sorted(found)
    ]


def value_text(point: Point, y_axis: Axis) -> str:
    """A point's value, its interval and its note."""
    texts = [y_axis.exact(point.y)]
    if point.low is not None and point.high is not None:
        texts.append(f"[{y_axis.exact(point.low)}, {y_axis.exact(point.high)}]")
    return " ".join([*texts, *([f"({point.note})"] if point.note else [])])


def _x_text(x: float, x_axis: Axis) -> str:
    return x_axis.exact(x) if x_axis.percent else f"{x:,.6g}"


def line_swatch(series: Series) -> str:
    """The swatch of a line in the legend."""
    dashed = " dashed" if series.dashed else ""
    mark = f'<path class="mark" transform="translate(14,7)" d="{series.mark}"/>'
    through = f'<polyline class="line{dashed}" points="0,7 28,7"/>' if series.joined else ""
    return (
        f'<svg class="key {series.colour}" viewBox="0 0 28 14" aria-hidden="true">'
        f"{through}{mark if len(series.points) <= DENSE else ''}</svg>"
    )
