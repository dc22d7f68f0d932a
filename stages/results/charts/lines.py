"""Line charts as SVG text: series over a numeric axis, with intervals where they are known.

Series differ by colour, marker and dash, so colour is never the only difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from stages.results.charts.axis import Axis, round_bounds, zero_based_bounds
from stages.results.charts.bars import (
    BOTTOM,
    HEIGHT,
    LEFT,
    N_COLOURS,
    RIGHT,
    TOP,
    WIDTH,
    Figure,
    axes,
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
    """A value, its 95% interval if known, and the note shown when the pointer is over it."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Series:
    """Points under one name; `colour` is an index into the palette."""

    name: str
    points: Sequence[Point]
    colour: int = 0
    dashed: bool = False


def lines(
    title: str,
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    percent: bool = False,
    whole: bool = True,
    diagonal: bool = False,
    note: str = "",
) -> Figure:
    """Lines over a numeric x axis. `percent`: y is a share; `diagonal`: both axes are shares."""
    points = [point for one in series for point in one.points]
    xs = [point.x for point in points]
    tops = [point.y if point.high is None else point.high for point in points]
    positive = percent or min(point.y for point in points) >= 0
    low, high = (
        zero_based_bounds(max(tops), percent) if positive else round_bounds([p.y for p in points])
    )
    x_low, x_high = (0.0, 1.0) if diagonal else (min(xs), max(xs))
    margin = 0.0 if diagonal else (x_high - x_low) * 0.04 or 0.5
    x_axis = Axis(x_low - margin, x_high + margin, LEFT, WIDTH - RIGHT, diagonal, whole)
    y_axis = Axis(low, 1.0 if diagonal else high, HEIGHT - BOTTOM, TOP, percent)
    body = axes(y_axis, x_label, y_label)
    body += [tick_text(x_axis.pixel(x), x_axis.label(x)) for x in x_axis.ticks(9)]
    if diagonal:
        ends = f"{x_axis.pixel(0)},{y_axis.pixel(0)} {x_axis.pixel(1)},{y_axis.pixel(1)}"
        body.append(f'<polyline class="ideal" points="{ends}"/>')
    for index, one in enumerate(series):
        dodge = 0.0 if len(series) == 1 else (index - (len(series) - 1) / 2) * 5
        has_interval = any(point.low is not None for point in one.points)
        body += line(one, x_axis, y_axis, dodge if has_interval else 0.0)
    legend = [(one.name, line_swatch(one)) for one in series] if len(series) > 1 else []
    return Figure(title, svg(title, body), legend, note)


def line(series: Series, x_axis: Axis, y_axis: Axis, dodge: float) -> list[str]:
    """One series: intervals, the line, and markers unless they would hide it."""
    shape = MARKS[series.colour % len(MARKS)]
    positions = [(x_axis.pixel(p.x) + dodge, y_axis.pixel(p.y), p) for p in series.points]
    dashed = " dashed" if series.dashed else ""
    elements = [
        f'<path class="whisker" d="M{x:g},{y_axis.pixel(p.low)}V{y_axis.pixel(p.high)}"/>'
        for x, _, p in positions
        if p.low is not None and p.high is not None
    ]
    through = " ".join(f"{x:g},{y:g}" for x, y, _ in positions)
    elements.append(f'<polyline class="line{dashed}" points="{through}"/>')
    if len(positions) <= DENSE:
        elements += [
            f'<path class="mark" transform="translate({x:g},{y:g})" d="{shape}">'
            f"<title>{escape(p.note or f'{series.name}: {y_axis.label(p.y)}')}</title></path>"
            for x, y, p in positions
        ]
    return [f'<g class="s{series.colour % N_COLOURS}">', *elements, "</g>"]


def line_swatch(series: Series) -> str:
    """The swatch of a line in the legend."""
    dashed = " dashed" if series.dashed else ""
    shape = MARKS[series.colour % len(MARKS)]
    mark = f'<path class="mark" transform="translate(14,7)" d="{shape}"/>'
    return (
        f'<svg class="key s{series.colour % N_COLOURS}" viewBox="0 0 28 14">'
        f'<polyline class="line{dashed}" points="0,7 28,7"/>'
        f"{mark if len(series.points) <= DENSE else ''}</svg>"
    )
