"""Bar charts as SVG text, and the frame that all charts share.

Colours are classes (s0, s1, …), so the page's style decides them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from stages.results.charts.axis import Axis, short_number, zero_based_bounds

WIDTH, HEIGHT = 560, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 30, 50
CHARACTER_WIDTH = 7  # pixels; an upper bound of a character's average width
N_COLOURS = 8


@dataclass(frozen=True)
class Figure:
    """A chart with its title, the legend of its series (name, small SVG) and a note."""

    title: str
    svg: str
    legend: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""


def bars(
    title: str,
    groups: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    x_label: str,
    y_label: str,
    note: str = "",
) -> Figure:
    """Bars stacked over each group, with their sum on top; series are (name, values)."""
    totals = [sum(values[i] for _, values in series) for i in range(len(groups))]
    y_axis = Axis(*zero_based_bounds(max(totals, default=0.0), percent=False), HEIGHT - BOTTOM, TOP)
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    bar_width = min(56.0, slot * 0.7)
    crowded = CHARACTER_WIDTH * max(map(len, groups), default=0) > slot
    body = axes(y_axis, x_label, y_label)
    for i, group in enumerate(groups):
        middle, base = LEFT + slot * (i + 0.5), 0.0
        left = middle - bar_width / 2
        body.append(tick_text(middle, group, tier=i % 2 if crowded else 0))
        for colour, (name, values) in enumerate(series):
            if values[i]:
                top, bottom = y_axis.pixel(base + values[i]), y_axis.pixel(base)
                body.append(
                    f'<rect class="bar s{colour % N_COLOURS}" x="{left:.1f}" y="{top}" '
                    f'width="{bar_width:.1f}" height="{bottom - top:.1f}">'
                    f"<title>{escape(name)}: {short_number(values[i])}</title></rect>"
                )
                base += values[i]
        y = y_axis.pixel(base) - 4
        body.append(f'<text class="value" x="{middle:.1f}" y="{y:.1f}">{short_number(base)}</text>')
    legend = (
        [(name, bar_swatch(i)) for i, (name, _) in enumerate(series)] if len(series) > 1 else []
    )
    return Figure(title, svg(title, body), legend, note)


def horizontal_bars(title: str, items: Sequence[tuple[str, float]], x_label: str) -> Figure:
    """A horizontal bar for each (name, value), with the value beside it."""
    largest = max(value for _, value in items) or 1.0
    left, bar_height = 96, 24
    height = bar_height * len(items) + 30
    body = [f'<text class="name start" x="4" y="14">{escape(x_label)}</text>']
    for index, (name, value) in enumerate(items):
        y = 24 + bar_height * index
        bar_width = (WIDTH - left - 70) * value / largest
        body.append(
            f'<text class="y" x="{left - 8}" y="{y + 15}">{escape(name)}</text>'
            f'<rect class="bar s0" x="{left}" y="{y + 3}" width="{bar_width:.1f}" '
            f'height="{bar_height - 7}"/>'
            f'<text class="value start" x="{left + bar_width + 6:.1f}" y="{y + 15}">'
            f"{value:,.1f}</text>"
        )
    return Figure(title, svg(title, body, height))


def axes(y_axis: Axis, x_label: str, y_label: str) -> list[str]:
    """Grid lines with their values, and the names of both axes."""
    elements = [
        f'<path class="grid" d="M{LEFT},{y_axis.pixel(y)}H{WIDTH - RIGHT}"/>'
        f'<text class="y" x="{LEFT - 8}" y="{y_axis.pixel(y) + 4:.1f}">{y_axis.label(y)}</text>'
        for y in y_axis.ticks()
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    elements.append(f'<text class="name" x="{middle}" y="{HEIGHT - 3}">{escape(x_label)}</text>')
    elements.append(f'<text class="name start" x="4" y="14">{escape(y_label)}</text>')
    return elements


def tick_text(x: float, text: str, tier: int = 0) -> str:
    """A label below the x axis; `tier` 1 is the second of two rows, for crowded labels."""
    y = HEIGHT - BOTTOM + 18 + 14 * tier
    return f'<text class="x" x="{x:.1f}" y="{y}">{escape(text)}</text>'


def svg(title: str, body: Iterable[str], height: int = HEIGHT) -> str:
    """The element around a chart's body."""
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return "".join([head, *body, "</svg>"])


def bar_swatch(colour: int) -> str:
    """The swatch of a bar in the legend."""
    square = f'<rect class="bar s{colour % N_COLOURS}" width="14" height="14"/>'
    return f'<svg class="key" viewBox="0 0 14 14">{square}</svg>'
