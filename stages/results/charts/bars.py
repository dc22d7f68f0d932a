"""Bar charts as SVG text."""

from collections.abc import Sequence
from functools import partial
from html import escape

from stages.results.charts.axis import Axis, short_number, zero_based_bounds
from stages.results.charts.figure import (
    BOTTOM,
    CHARACTER_WIDTH,
    HEIGHT,
    LEFT,
    RIGHT,
    TIER,
    TOP,
    WIDTH,
    Figure,
    Reading,
    Stop,
    axes,
    name_colour,
    shade,
    svg,
    tick_text,
)


def bars(
    title: str,
    groups: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    x_label: str,
    y_label: str,
    note: str = "",
    ordered: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Figure:
    """Bars stacked over each group, with their sum on top; series are (name, values).

    `ordered`: the series have an order, as levels do. `bounds`: the y axis's, if not its own.
    """
    colours = [shade(n, len(series)) if ordered else name_colour(n) for n in range(len(series))]
    totals = [sum(values[i] for _, values in series) for i in range(len(groups))]
    ends = bounds or zero_based_bounds(max(totals, default=0.0), percent=False)
    y_axis = Axis(*ends, HEIGHT - BOTTOM, TOP)
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    crowded = CHARACTER_WIDTH * max(map(len, groups), default=0) > slot
    lower = TIER if crowded else 0
    body, stops = axes(y_axis, x_label, y_label, lower), []
    for i, group in enumerate(groups):
        middle = LEFT + slot * (i + 0.5)
        body.append(tick_text(middle, group, tier=i % 2 if crowded else 0))
        base, readings = 0.0, []
        for colour, (name, values) in zip(colours, series, strict=True):
            base += values[i]
            if values[i]:
                body.append(_bar(colour, middle, min(50.0, slot * 0.7), y_axis, base, values[i]))
                readings.append(Reading(colour, name, _number(values[i]), y_axis.pixel(base)))
        y = y_axis.pixel(base) - 4
        body.append(f'<text class="value" x="{middle:.1f}" y="{y:.1f}">{short_number(base)}</text>')
        stops.append(Stop(round(middle, 1), f"{x_label} {group}", readings))
    legend = [(name, bar_swatch(c)) for c, (name, _) in zip(colours, series, strict=True)]
    drawn = svg(title, body, HEIGHT + lower)
    again = partial(bars, title, groups, series, x_label, y_label, note, ordered)
    legend = legend if len(series) > 1 else []
    return Figure(title, drawn, legend, note, stops, bounds=ends, redraw=again)


def _bar(colour: str, middle: float, width: float, y_axis: Axis, top: float, value: float) -> str:
    """A bar of this value that ends at `top`."""
    y, height = y_axis.pixel(top), y_axis.pixel(top - value) - y_axis.pixel(top)
    return (
        f'<rect class="bar {colour}" x="{middle - width / 2:.1f}" y="{y}" '
        f'width="{width:.1f}" height="{max(0.0, height):.1f}"/>'
    )


def horizontal_bars(
    title: str,
    items: Sequence[tuple[str, float]],
    x_label: str,
    bounds: tuple[float, float] | None = None,
) -> Figure:
    """A horizontal bar for each (name, value), with the value beside it."""
    ends = bounds or (0.0, max(value for _, value in items) or 1.0)
    largest = ends[1]
    left, bar_height = 84, 22
    body = [f'<text class="name start" x="4" y="14">{escape(x_label)}</text>']
    stops = []
    for index, (name, value) in enumerate(items):
        y = 24 + bar_height * index
        bar_width = (WIDTH - left - 66) * value / largest
        body.append(
            f'<text class="y" x="{left - 8}" y="{y + 14}">{escape(name)}</text>'
            f'<rect class="bar s0" x="{left}" y="{y + 3}" width="{bar_width:.1f}" '
            f'height="{bar_height - 7}"/>'
            f'<text class="value start" x="{left + bar_width + 6:.1f}" y="{y + 14}">'
            f"{value:,.1f}</text>"
        )
        reading = Reading("s0", x_label, _number(value), left + bar_width)
        stops.append(Stop(y + bar_height / 2, name, [reading]))
    height = bar_height * len(items) + 30
    drawn, again = svg(title, body, height), partial(horizontal_bars, title, items, x_label)
    return Figure(title, drawn, stops=stops, across=True, bounds=ends, redraw=again)


def bar_swatch(colour: str) -> str:
    """The swatch of a bar in the legend."""
    square = f'<rect class="bar {colour}" width="14" height="14"/>'
    return f'<svg class="key" viewBox="0 0 14 14" aria-hidden="true">{square}</svg>'


def _number(value: float) -> str:
    return f"{value:,.10g}" if value == round(value) else f"{value:,.1f}"
