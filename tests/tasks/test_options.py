"""Options by letters, and the last box of a solution."""

import pytest

from stages.tasks.formats.latex import boxed_answer
from stages.tasks.formats.options import lettered_options


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"\boxed{1} and \boxed{2}", "2"),
        (r"\boxed{\left\{ 1, 2 \right\}}", r"\left\{ 1, 2 \right\}"),
        (r"\boxed{a_{b_{c}}} and }", "a_{b_{c}}"),
        (r"\boxed 5.", "5"),
        (r"\fbox{7}", "7"),
        (r"\boxed{1} and \boxed{}", "1"),
        (r"\boxed{1} and \boxed{2", "1"),
        (r"\boxed{", None),
        ("5", None),
    ],
)
def test_the_last_box(solution: str, answer: str | None) -> None:
    assert boxed_answer(solution) == answer


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("(A) 35 (B) 25 (C) 40", ["35", "25", "40"]),
        ("(A)  $3,000  (B) (x + 1)", ["$3,000", "(x + 1)"]),
        ("(A) A) 0 (B) B.9", ["0", "9"]),
        ("a ) 112.5 , 158.5 , b ) 180.5 , 150", ["112.5 , 158.5", "180.5 , 150"]),
        ("(A) 1/2 (B) P (E) = 1/4", ["1/2", "P (E) = 1/4"]),
        ("(a): one, (b): f(b) and two", ["one", "f(b) and two"]),
    ],
)
def test_lettered_options(text: str, options: list[str]) -> None:
    assert lettered_options(text) == options
