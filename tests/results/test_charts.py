"""Charts: ticks, short numbers, and texts that do not overlap."""

from xml.etree import ElementTree

import pytest

from schemas.duels import ASPECTS
from stages.results.charts import axis, bars, figure, lines
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


def test_columns_of_numbers_are_told_from_words_and_text() -> None:
    rows = [
        [1, "5.0%", "x1", "", "5.0% [3.1, 7.5]", "long " * 9],
        [2, "", "7", "1,024 (3.5%)", "+0.5 [-1.0, 2.0]", ""],
    ]
    kinds = ["number", "number", "word", "number", "number", "text"]
    assert Grid(list("abcdef"), rows).column_classes() == kinds


@pytest.mark.parametrize(
    ("n", "shades"), [(1, [0]), (2, [0, 8]), (5, [0, 2, 4, 6, 8]), (12, [0, 1, 1, 2, 3, 4, 4])]
)
def test_levels_are_shades_in_order(n: int, shades: list[int]) -> None:
    found = [figure.shade(index, n) for index in range(n)]
    assert found[: len(shades)] == [f"o{shade}" for shade in shades] and found[-1] in ("o0", "o8")
    assert found == sorted(found)


def figures() -> list[figure.Figure]:
    many = [
        lines.Series(f"<{n}>", [lines.Point(k, n / 9, n / 10, 0.9) for k in range(9)], n)
        for n in range(8)
    ]
    dense = [lines.Series("loss", [lines.Point(k, -k / 7) for k in range(200)])]
    single = [lines.Series("one", [lines.Point(1, 0.0)])]
    calibration = lines.Series("sound", [lines.Point(k / 9, k / 10) for k in range(9)])
    signed = [lines.Point(k, 0.02 * k, 0.02 * k - 0.05, 0.02 * k + 0.05) for k in range(1, 6)]
    stacks = [("a & b", [1000.0 * k for k in range(9)]), ("c", [0.0] * 9)]
    return [
        lines.lines("many", many, "iteration", "share (%)", percent=True),
        lines.lines("dense", dense, "step", "loss"),
        lines.lines("single", single, "iteration", "share (%)", percent=True),
        lines.lines(
            "square", [calibration], "p", "share", percent=True, whole=False, diagonal=True
        ),
        bars.bars("bars", [str(k) for k in range(9)], stacks, "iteration", "rows"),
        bars.bars("long names", list(ASPECTS), [("a", [1.0] * 6)], "aspect", "pairs"),
        bars.bars("ordered", ["0 of 1", "1 of 1"], stacks[:2], "draws", "rows", ordered=True),
        lines.lines("signs", [lines.Series("gain", signed, joined=False)], "level", "points"),
        bars.bars("none", ["0"], [("a", [0])], "iteration", "rows"),
        bars.horizontal_bars("ranks", [("evaluate", 120.5), ("a", 0.0)], "elapsed (s)"),
    ]


@pytest.mark.parametrize("chart", figures(), ids=lambda chart: chart.title)
def test_charts_are_well_formed_and_no_texts_overlap(chart: figure.Figure) -> None:
    drawn = ElementTree.fromstring(chart.svg)
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    boxes = [_box(text) for text in drawn.iter("text")]
    for left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
    for index, (left, top, right, bottom) in enumerate(boxes):
        for l2, t2, r2, b2 in boxes[:index]:
            assert left >= r2 or l2 >= right or top >= b2 or t2 >= bottom
    for shape in drawn.iter("rect"):
        assert float(shape.attrib["height"]) >= 0
    for _, sign in chart.legend:
        ElementTree.fromstring(sign)


@pytest.mark.parametrize("chart", figures(), ids=lambda chart: chart.title)
def test_every_value_can_be_asked_for_and_lies_where_it_is_drawn(chart: figure.Figure) -> None:
    drawn = ElementTree.fromstring(chart.svg)
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    pixels = [stop.pixel for stop in chart.stops]
    assert pixels == sorted(pixels)
    assert all(0 <= pixel <= (height if chart.across else width) for pixel in pixels)
    n_marks = len([shape for shape in drawn.iter() if shape.get("class") == "mark"])
    readings = [reading for stop in chart.stops for reading in stop.readings]
    assert not n_marks or len(readings) == n_marks
    assert all(reading.text and "nan" not in reading.text for reading in readings)


@pytest.mark.parametrize(
    ("point", "percent", "text"),
    [
        (lines.Point(1, 0.25), True, "25.0%"),
        (lines.Point(1, 0.25, 0.2, 0.31), True, "25.0% [20.0%, 31.0%]"),
        (lines.Point(1, 0.5, note="7 steps"), True, "50.0% (7 steps)"),
        (lines.Point(1, -1.23456), False, "-1.235"),
        (lines.Point(1, 12345.0), False, "12,345"),
    ],
)
def test_a_value_is_told_with_its_interval_and_note(
    point: lines.Point, percent: bool, text: str
) -> None:
    assert lines.value_text(point, axis.Axis(0, 1, 0, 100, percent)) == text


@pytest.mark.parametrize("chart", figures(), ids=lambda chart: chart.title)
def test_a_chart_can_be_drawn_with_the_axis_of_another(chart: figure.Figure) -> None:
    low, high = chart.bounds
    assert chart.redraw
    again = chart.redraw((low, 2 * high))
    assert again.bounds == (low, 2 * high)
    assert chart.redraw(chart.bounds).svg == chart.svg
    assert [len(stop.readings) for stop in again.stops] == [len(s.readings) for s in chart.stops]


def _box(text: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a text of 12.5 pixels, about 6.4 for a character."""
    x, y, wide = float(text.attrib["x"]), float(text.attrib["y"]), 6.4 * len(text.text or "")
    kind = text.attrib["class"]
    left = x if "start" in kind else x - wide if kind == "y" else x - wide / 2
    return left, y - 10, left + wide, y + 2
