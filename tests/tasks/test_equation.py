"""Equations as worked solutions."""

import pytest

from stages.tasks.formats.equation import worked_equation


@pytest.mark.parametrize(
    ("equation", "answer", "lines"),
    [
        ("( 12.0 / 4.0 )", "3", ["12 / 4 = 3", "#### 3"]),
        ("( ( 3.0 + 5.0 ) * 2.0 )", "16", ["3 + 5 = 8", "8 * 2 = 16", "#### 16"]),
        ("( 9.0 - ( 2.0 + 4.0 ) )", "3", ["2 + 4 = 6", "9 - 6 = 3", "#### 3"]),
        ("( 1.0 / 4.0 )", "0.25", ["1 / 4 = 0.25", "#### 0.25"]),
        ("( 4.0 - 7.5 )", "-3.5", ["4 - 7.5 = -3.5", "#### -3.5"]),
    ],
)
def test_an_operation_a_line_then_the_answer(equation: str, answer: str, lines: list[str]) -> None:
    assert worked_equation(equation, answer) == "\n".join(lines)


@pytest.mark.parametrize(
    ("equation", "answer"),
    [
        ("( 12.0 / 4.0 )", "4"),  # another answer
        ("12.0", "12"),
        ("( 1.0 / 0.0 )", "0"),
        ("( 1.0 / 3.0 )", "0.3333"),
        ("2 ** 3", "8"),
        ("x = 3 + 4", "7"),
        ("( 3.0 + ", "3"),
        ("__import__('os')", "1"),
        ("( 3.0 + 4.0 )", "seven"),
        ("(" * 500 + "1" + ")" * 500, "1"),
    ],
)
def test_what_is_no_worked_solution_is_left_out(equation: str, answer: str) -> None:
    assert worked_equation(equation, answer) == ""
