"""Charts: ticks, short numbers, and texts that do not overlap."""

from xml.etree import ElementTree

import pytest

from schemas.duels import ASPECTS
from stages.results.charts import axis, bars, lines
from stages.results.sections.section import Grid


@pytest.mark.parametrize(
    ("low", "high", "whole", "ticks"),
    [
        (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 0.4, False, [0, 0.1, 0.2, 0.3, 0.4]),
        (-0.1, 2.1, True, [0, 1, 2]),
        (0.5, 1.5, True, [1]),
        (-1.7, -0.2, False, [-1.5, -1.0, -0.5]),
        (0, 14000, False, [0, 5000, 10000]),
        (0, 0, False, [0]),
    ],
)
def test_ticks(low: float, high: float, whole: bool, ticks: list[float]) -> None:
    assert axis.Axis(low, high, 0, 100, whole=whole).ticks() == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.25, "0.25"), (999, "999"), (1500, "1.5k"), (2_000_000, "2M")]
)
def test_short_numbers(value: float, text: str) -> None:
    assert axis.short_number(value) == text


def test_columns_of_numbers_are_told_from_text() -> None:
    grid = Grid(list("abcd"), [[1, "5.0%", "x1", ""], [2, "", "7", "1,024 (3.5%)"]])
    assert grid.column_classes() == ["number", "number", "text", "number"]


def figures() -> list[bars.Figure]:
    many = [
        lines.Series(f"<{n}>", [lines.Point(k, n / 9, n / 10, 0.9) for k in range(9)], n)
        for n in range(8)
    ]
    dense = [lines.Series("loss", [lines.Point(k, -k / 7) for k in range(200)])]
    single = [lines.Series("one", [lines.Point(1, 0.0)])]
    stacks = [("a & b", [1000.0 * k for k in range(9)]), ("c", [0.0] * 9)]
    return [
        lines.lines("many", many, "iteration", "share (%)", percent=True),
        lines.lines("dense", dense, "step", "loss"),
        lines.lines("single", single, "iteration", "share (%)", percent=True),
        lines.lines("square", many[:1], "p", "share", percent=True, whole=False, diagonal=True),
        bars.bars("bars", [str(k) for k in range(9)], stacks, "iteration", "rows"),
        bars.bars("long names", list(ASPECTS), [("a", [1.0] * 6)], "aspect", "pairs"),
        bars.bars("none", ["0"], [("a", [0])], "iteration", "rows"),
        bars.horizontal_bars("ranks", [("evaluate", 120.5), ("a", 0.0)], "elapsed (s)"),
    ]


@pytest.mark.parametrize("figure", figures(), ids=lambda figure: figure.title)
def test_charts_are_well_formed_and_no_texts_overlap(figure: bars.Figure) -> None:
    drawn = ElementTree.fromstring(figure.svg)
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    boxes = [_box(text) for text in drawn.iter("text")]
    for left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
    for index, (left, top, right, bottom) in enumerate(boxes):
        for l2, t2, r2, b2 in boxes[:index]:
            assert left >= r2 or l2 >= right or top >= b2 or t2 >= bottom
    for shape in drawn.iter("rect"):
        assert float(shape.attrib["height"]) >= 0
    for _, sign in figure.legend:
        ElementTree.fromstring(sign)


def _box(text: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a text of 12 pixels, about 6.2 for a character."""
    x, y, wide = float(text.attrib["x"]), float(text.attrib["y"]), 6.2 * len(text.text or "")
    kind = text.attrib["class"]
    left = x if "start" in kind else x - wide if kind == "y" else x - wide / 2
    return left, y - 10, left + wide, y + 2
