"""Bar charts as SVG text, and the frame that all charts share.

Colours are classes (s0, s1, …), so the page's style decides them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from stages.results.charts.axis import Axis, short, upwards

WIDTH, HEIGHT = 560, 280
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 30, 50
LETTER = 7  # a character's width at most, on average
N_COLOURS = 8


@dataclass(frozen=True)
class Figure:
    """A chart with its title, the keys of its series (name, small SVG) and a remark."""

    title: str
    svg: str
    keys: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""


def bars(
    title: str,
    groups: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    x_label: str,
    y_label: str,
    note: str = "",
) -> Figure:
    """Bars stacked over each group, their sum written on top; series are (name, values)."""
    totals = [sum(values[i] for _, values in series) for i in range(len(groups))]
    up = Axis(*upwards(max(totals, default=0.0), percent=False), HEIGHT - BOTTOM, TOP)
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    wide = min(56.0, slot * 0.7)
    crowded = LETTER * max(map(len, groups), default=0) > slot
    body = frame(up, x_label, y_label)
    for i, group in enumerate(groups):
        middle, base = LEFT + slot * (i + 0.5), 0.0
        left = middle - wide / 2
        body.append(tick_text(middle, group, row=i % 2 if crowded else 0))
        for colour, (name, values) in enumerate(series):
            if values[i]:
                top, bottom = up.place(base + values[i]), up.place(base)
                body.append(
                    f'<rect class="bar s{colour % N_COLOURS}" x="{left:.1f}" y="{top}" '
                    f'width="{wide:.1f}" height="{bottom - top:.1f}">'
                    f"<title>{escape(name)}: {short(values[i])}</title></rect>"
                )
                base += values[i]
        y = up.place(base) - 4
        body.append(f'<text class="value" x="{middle:.1f}" y="{y:.1f}">{short(base)}</text>')
    keys = [(name, swatch(i)) for i, (name, _) in enumerate(series)] if len(series) > 1 else []
    return Figure(title, svg(title, body), keys, note)


def ranks(title: str, items: Sequence[tuple[str, float]], x_label: str) -> Figure:
    """A horizontal bar for each (name, value), with the value beside it."""
    most = max(value for _, value in items) or 1.0
    left, row = 96, 24
    height = row * len(items) + 30
    body = [f'<text class="name start" x="4" y="14">{escape(x_label)}</text>']
    for index, (name, value) in enumerate(items):
        y = 24 + row * index
        wide = (WIDTH - left - 70) * value / most
        body.append(
            f'<text class="y" x="{left - 8}" y="{y + 15}">{escape(name)}</text>'
            f'<rect class="bar s0" x="{left}" y="{y + 3}" width="{wide:.1f}" height="{row - 7}"/>'
            f'<text class="value start" x="{left + wide + 6:.1f}" y="{y + 15}">{value:,.1f}</text>'
        )
    return Figure(title, svg(title, body, height))


def frame(up: Axis, x_label: str, y_label: str) -> list[str]:
    """Grid lines with their values, and the names of both axes."""
    drawn = [
        f'<path class="grid" d="M{LEFT},{up.place(y)}H{WIDTH - RIGHT}"/>'
        f'<text class="y" x="{LEFT - 8}" y="{up.place(y) + 4:.1f}">{up.label(y)}</text>'
        for y in up.ticks()
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(f'<text class="name" x="{middle}" y="{HEIGHT - 3}">{escape(x_label)}</text>')
    drawn.append(f'<text class="name start" x="4" y="14">{escape(y_label)}</text>')
    return drawn


def tick_text(x: float, text: str, row: int = 0) -> str:
    """A value below the x axis; long ones take turns in two rows."""
    y = HEIGHT - BOTTOM + 18 + 14 * row
    return f'<text class="x" x="{x:.1f}" y="{y}">{escape(text)}</text>'


def svg(title: str, body: Iterable[str], height: int = HEIGHT) -> str:
    """The element around a chart's body."""
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return "".join([head, *body, "</svg>"])


def swatch(colour: int) -> str:
    """The sign of a bar in the legend."""
    square = f'<rect class="bar s{colour % N_COLOURS}" width="14" height="14"/>'
    return f'<svg class="key" viewBox="0 0 14 14">{square}</svg>'
