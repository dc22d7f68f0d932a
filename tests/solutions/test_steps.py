"""Steps: their concatenation is exactly the text, whatever is in it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.solutions.steps import split_lines, split_steps

SPLITS = [split_lines, split_steps]
PIECES = [
    "\n", "\r\n", "\r", "\f", "\v", "\x1c", "\x85", "\u2028", " ", "\t", "a", "Dr. ", ". ", "? A",
    "$x.$ ", "Then", "\\", "(", "\x00", "é",
]  # fmt: skip


@pytest.mark.parametrize("split", SPLITS)
@given(text=st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_steps_concatenate_to_the_text(split: Callable[[str], list[str]], text: str) -> None:
    steps = split(text)
    assert "".join(steps) == text
    assert all(step.strip() for step in steps) or len(steps) == 1


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a\nb\n#### 3", ["a\n", "b\n", "#### 3"]),
        ("\n\na\n\nb", ["\n\na\n\n", "b"]),
        ("  \n x \n\n\n y", ["  \n x \n\n\n", " y"]),
        ("", []),
        ("\n", ["\n"]),
        ("a\r\nb\r\n", ["a\r\n", "b\r\n"]),
        ("a\x0crac{1}{2}\x85b\u2028c\n", ["a\x0crac{1}{2}\x85b\u2028c\n"]),
        ("One. Two is 2.  Three.", ["One. ", "Two is 2.  ", "Three."]),
        ("So $x = 3.$ Then $y$. (By symmetry.) Is it? $5$", [
            "So $x = 3.$ ", "Then $y$. ", "(By symmetry.) ", "Is it? ", "$5$",
        ]),
        ("Mr. Fox, Mrs. Lee and J. Doe have 3.5 kg. \\[x\\]", [
            "Mr. Fox, Mrs. Lee and J. Doe have 3.5 kg. ", "\\[x\\]",
        ]),
        ("One. Two.\nThree.", ["One. Two.\n", "Three."]),
        ("rs . 1000 . that is it", ["rs . 1000 . that is it"]),
        ("print(1)  # A. B", ["print(1)  # A. B"]),
    ],
)  # fmt: skip
def test_lines_are_steps_and_the_sentences_of_a_single_line(text: str, steps: list[str]) -> None:
    assert split_steps(text) == steps
