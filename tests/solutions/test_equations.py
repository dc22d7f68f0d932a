"""Equations and fingerprints: what makes two paths the same."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.solutions.equations import equations
from tests.fakes import plain_equations
from tests.fakes.one_fingerprint import fingerprint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ann: 7+5=12\nBoth: 12+7=19", ["7+5=12", "12+7=19"]),
        ("16 - 3 - 4 = <<16-3-4=9>>9 eggs", ["16-3-4=9"]),
        ("9 * 2 = $<<9*2=18>>18 a day", ["9*2=18"]),
        ("7 × $5 = $35", ["7*5=35"]),
        ("3 x 4 = 12 and 12 ÷ 4 = 3", ["3*4=12", "12/4=3"]),
        ("10% x 5,000 = 500", ["10%*5000=500"]),
        ("(3+4)*2 = 14", ["(3+4)*2=14"]),
        ("0.5 * 8 = 4.0", ["0.5*8=4.0"]),
        ("x = 4 and no numbers", []),
        ("she has 4 apples", []),
        ("so, " * 1000 + "1+1=2. Then: 2+2=4", ["1+1=2", "2+2=4"]),
        ("1-" * 990 + "=1", []),
        ("19%4=3", ["19%4=3"]),
        ("1+1=2" + " " * 5000 + "2+2=4", []),
    ],
)
def test_equations(text: str, found: list[str]) -> None:
    assert equations(pl.Series([text, "", text])).to_list() == [found, [], found]


PIECES = [
    *"0123456789",
    *"+-*/^%x×÷·=$,.()<> \n\t\x1c\xa0;:a",
    "<<",
    ">>",
    " = ",
    "1+1=2",
    "= 7",
    "٣",
]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), max_size=5))
def test_columns_have_the_equations_of_plain_python(texts: list[str]) -> None:
    wanted = [plain_equations.equations(text) for text in texts]
    assert equations(pl.Series(texts, dtype=pl.String)).to_list() == wanted


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (("a 1+1=2", "2"), ("so 1 + 1 = 2.", "2"), True),
        (("1+1=2", "2"), ("1+1=2", "3"), False),
        (("1+1=2\n2+2=4", "4"), ("2+2=4\n1+1=2", "4"), False),
        (("no equation here", None), ("another one", None), False),
        (("No  equation, here", None), ("no equation here", "4"), True),
        (("", None), ("", None), True),
    ],
)
def test_fingerprints(one: tuple[str, str], two: tuple[str, str], same: bool) -> None:
    assert (fingerprint("math", *one) == fingerprint("math", *two)) is same


@pytest.mark.parametrize("text", ["(" * 100_000 + "=", "1" * 100_000 + "=", "1+" * 50_000 + "=1"])
def test_degenerate_texts_do_not_hang(text: str) -> None:
    assert isinstance(fingerprint("math", text, None), str)
    assert isinstance(fingerprint("math", "\n".join([text[:1900]] * 5), None), str)
