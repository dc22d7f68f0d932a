"""MBPP: six forms of a problem, and tests with what they need."""

from typing import Any

import pytest

from stages.tasks.formats import FORMATS
from tests.fakes.dataset_rows import MBPP, SHOWN, without


def test_mbpp_asks_in_six_forms_and_grades_by_every_test() -> None:
    forms = FORMATS["mbpp"](MBPP, "train")
    shown = [
        form.prompt.split("Tests:\n")[1].removesuffix("\nPython:\n").split("\n") for form in forms
    ]
    assert sorted(shown) == sorted([a, b] for a in SHOWN for b in SHOWN if a != b)
    assert all(form.tests == SHOWN for form in forms)
    assert {form.question for form in forms} == {MBPP["text"]}
    assert forms[0].answer == "def add(a, b):\n\treturn a + b"
    assert forms[0].rationale == "def add(a, b):\n\treturn a + b"


@pytest.mark.parametrize(
    "first",
    [{"test_setup_code": "import math\r\nx = 1"}, {"test_imports": ["import math", "x = 1"]}],
)
def test_what_tests_need_stands_before_each(first: dict[str, Any]) -> None:
    row = without(MBPP, "text") | {"prompt": "Add.", "test_setup_code": None} | first
    form = FORMATS["mbpp"](row, "train")[0]
    assert form.tests == [f"import math\nx = 1\n{test}" for test in SHOWN]
    assert "import math" not in form.prompt
