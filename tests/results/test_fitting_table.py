"""Tables on terminals of any width: no number is broken, and every value is there."""

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from stages.results import terminal

NUMBERS = [1234567, 0.123456, "61.5% [54.6, 68.0]", -7, "1,234.5", "12.3% ± 0.4 (3 seeds)"]
HEADS = ["iteration", "n_training_rows", "greedy [95%]", "n", "elapsed_s", "mean of runs"]


def lines(table: Any, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40])
@pytest.mark.parametrize("stacks", [False, True])
def test_no_number_is_broken_and_no_line_too_long(width: int, stacks: bool) -> None:
    rows = [[n, *NUMBERS, "some longer words about this row", None] for n in range(3)]
    heads = ["key", *HEADS, "about", "empty"]
    shown = lines(terminal.table(heads, rows, stacks=stacks), width)
    assert max(map(cell_len, shown)) <= width
    for value in map(terminal.plain_text, NUMBERS):
        if width > 40:
            assert sum(value in line for line in shown) == 3, value
        for number in re.findall(r"[\d.,]+\d", value):
            assert any(number in line for line in shown), number


def test_columns_that_do_not_fit_continue_below_with_the_keys() -> None:
    rows = [["gsm8k", 1, *NUMBERS], ["math", 2, *NUMBERS]]
    shown = lines(terminal.table(["suite", "iteration", *HEADS], rows, "title", n_keys=2), 60)
    assert shown[:2] == ["", "title"]
    below = [n for n, line in enumerate(shown) if not line][1]
    assert sum("gsm8k" in line for line in shown[:below]) == 1
    assert sum("gsm8k" in line for line in shown[below:]) >= 1
    assert any("iteration" in line for line in shown[below:])


def test_heads_stay_in_one_line_where_there_is_room() -> None:
    table = terminal.table(["n_training_rows", "elapsed_s"], [[1, 2.5]])
    assert lines(table, 80)[0].split() == ["n_training_rows", "elapsed_s"]
    assert [line.split() for line in lines(table, 24)[:3]] == [
        ["n_"],
        ["training_"],
        ["rows", "elapsed_s"],
    ]


def test_words_and_numbers_stay_whole_beside_a_long_text() -> None:
    rows = [["instruct-control2", "+8.3 [+4.0, +13.0]", "a long remark " * 4]]
    shown = lines(terminal.table(["revision", "points", "remark"], rows), 60)
    assert "instruct-control2" in shown[2] and "+8.3 [+4.0, +13.0]" in shown[2]


def test_rows_as_blocks() -> None:
    rows = [["a", "c9868f3be8", 1], ["b", "y", 2]]
    shown = lines(terminal.table(["name", "text", "count"], rows, stacks=True), 16)
    assert [line for line in shown if line.startswith("row")] == ["row 1", "row 2"]
    assert "  count  1" in shown


@pytest.mark.parametrize("value", [float("nan"), None])
def test_what_is_not_known_is_a_dash(value: float | None) -> None:
    assert terminal.plain_text(value) == terminal.percent(value) == "-"
