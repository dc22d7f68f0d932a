"""Steps: their concatenation is exactly the text, whatever is in it."""

import re
import sys
from collections.abc import Callable
from itertools import pairwise
from types import FrameType
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.solutions.steps import SAYS_SOMETHING, Form, split_lines, split_steps

FORMS: list[Form] = list(get_args(Form))
SPLITS: list[Callable[[str], list[str]]] = [
    split_lines, *(lambda text, form=form: split_steps(text, form) for form in FORMS)
]  # fmt: skip
PIECES = [
    "\n", "\n\n", "\r\n", "\r", "\f", "\v", "\x1c", "\x85", "\u2028", " ", "\t", "a", "Dr. ", ". ",
    "? A", "$x.$ ", "Then", "\\", "(", "\x00", "é", "$", "$$", "\\[", "\\]", "\\(", "\\)", "\\$",
    "\\begin{align*}", "\\end{align*}", "\\begin{cases}", "\\end{cases}", "```", "```python\n",
    "\n```\n", "~~~", "[asy]", "[/asy]", "| a | b |", "\n|---|---|\n", "---", "## Step 1: Find",
    "Step 3.", "Step 2: So it is. ", "**Case 1**", "1. ", "2) ", "# Title", "5", ":", "x = 1",
    "Then x is ", "Now, ",
]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))


@pytest.mark.parametrize("split", SPLITS)
@given(text=TEXTS)
def test_steps_concatenate_to_the_text(split: Callable[[str], list[str]], text: str) -> None:
    steps = split(text)
    assert "".join(steps) == text
    assert all(step.strip() for step in steps) or len(steps) == 1


@pytest.mark.parametrize("form", FORMS)
@given(text=TEXTS)
def test_every_step_says_something(form: Form, text: str) -> None:
    steps = split_steps(text, form)
    assert all(SAYS_SOMETHING.search(step) for step in steps) or len(steps) <= 1


@pytest.mark.parametrize("form", FORMS)
@given(text=TEXTS)
def test_the_first_steps_split_into_themselves(form: Form, text: str) -> None:
    steps = split_steps(text, form)
    for number in range(len(steps)):
        first = steps[:number]
        assert split_steps("".join(first), form) == first


@pytest.mark.parametrize("form", FORMS)
@given(text=TEXTS)
def test_a_continuation_from_the_end_of_a_step_has_the_steps_that_follow(
    form: Form, text: str
) -> None:
    steps = split_steps(text, form)
    for number in range(len(steps)):
        before, after = "".join(steps[:number]), "".join(steps[number:])
        assert split_steps(after, form, before) == steps[number:]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a\nb\n#### 3", ["a\n", "b\n", "#### 3"]),
        ("\n\na\n\nb", ["\n\na\n\n", "b"]),
        ("  \n x \n\n\n y", ["  \n x \n\n\n", " y"]),
        ("", []),
        ("\n", ["\n"]),
        ("a\r\nb\r\n", ["a\r\n", "b\r\n"]),
        ("a\r\n\r\nb\r\nc", ["a\r\n\r\n", "b\r\nc"]),
        ("a\x0crac{1}{2}\x85b\u2028c\n", ["a\x0crac{1}{2}\x85b\u2028c\n"]),
        ("One. Two is 2.  Three.", ["One. ", "Two is 2.  ", "Three."]),
        ("So $x = 3.$ Then $y$. (By symmetry.) Is it? $5$", [
            "So $x = 3.$ ", "Then $y$. ", "(By symmetry.) ", "Is it? ", "$5$",
        ]),
        ("Mr. Fox, Mrs. Lee and J. Doe have 3.5 kg. \\[x\\]", [
            "Mr. Fox, Mrs. Lee and J. Doe have 3.5 kg. ", "\\[x\\]",
        ]),
        ("We get \\[a = 1\\] Then \\[b = 2.\\] Done.", [
            "We get \\[a = 1\\] ", "Then \\[b = 2.\\] ", "Done.",
        ]),
        ("It costs $5. He pays $10. $(n. A)$ is left.", [
            "It costs $5. ", "He pays $10. ", "$(n. A)$ is left.",
        ]),
        ("1. Add them. 2. Halve it.", ["1. Add them. ", "2. Halve it."]),
        ("One. Two.\nThree.", ["One. Two.\n", "Three."]),
        ("One. Two.\n", ["One. Two.\n"]),  # the first line of a text of lines
        ("rs . 1000 . that is it", ["rs . 1000 . that is it"]),
        ("print(1)  # A. B", ["print(1)  # A. B"]),
        # paragraphs
        ("Add.\n2+2=4\n\nHalve.\n2\n\nSo 2.", ["Add.\n2+2=4\n\n", "Halve.\n2\n\n", "So 2."]),
        # displays stay with the sentence that leads to them
        ("Twice x is 8:\n\\[\n2x = 8\n\\]\nHalve it:\n\\[x = 4\\]", [
            "Twice x is 8:\n\\[\n2x = 8\n\\]\n", "Halve it:\n\\[x = 4\\]",
        ]),
        ("We have\n\n$$\na = 1\n\n$$\n\nand\n\n\\[b = 2\\]\n\n\\[c = 3\\]", [
            "We have\n\n$$\na = 1\n\n$$\n\n", "and\n\n\\[b = 2\\]\n\n", "\\[c = 3\\]",
        ]),
        ("We simplify.\n\n\\[a = 1\\]", ["We simplify.\n\n", "\\[a = 1\\]"]),
        ("Rows:\n\\begin{align*}\na &= 1 \\\\[2pt]\n\nb &= 2\n\\end{align*}\nSo 3.", [
            "Rows:\n\\begin{align*}\na &= 1 \\\\[2pt]\n\nb &= 2\n\\end{align*}\n", "So 3.",
        ]),
        ("Let \\(a =\n1\\) be.\nLet $b\n= 2$.\n", ["Let \\(a =\n1\\) be.\n", "Let $b\n= 2$.\n"]),
        # code, drawings and tables
        ("Run it.\n\n```python\nx = 1\n\nprint(x)\n```\n\nIt prints 1.", [
            "Run it.\n\n", "```python\nx = 1\n\nprint(x)\n```\n\n", "It prints 1.",
        ]),
        ("See [asy]\ndraw(a);\n\ndraw(b);\n[/asy]\n\nSo 1.", [
            "See [asy]\ndraw(a);\n\ndraw(b);\n[/asy]\n\n", "So 1.",
        ]),
        ("Count them:\n| n | n² |\n|---|:-:|\n| 1 | 1 |\n| 2 | 4 |\nSo 4.", [
            "Count them:\n", "| n | n² |\n|---|:-:|\n| 1 | 1 |\n| 2 | 4 |\n", "So 4.",
        ]),
        ("|x| = 3\n|y| = 4", ["|x| = 3\n", "|y| = 4"]),
        # headings belong to what they are above, rules to what they are below
        ("## Step 1: Add\n\n2+2=4\n\n---\n\n**Step 2: Halve it.**\n\n4/2=2", [
            "## Step 1: Add\n\n2+2=4\n\n---\n\n", "**Step 2: Halve it.**\n\n4/2=2",
        ]),
        ("Solution:\n\n# Sums\n\n## Step 1: 2+2. So 4.\n\nStep 2.\n\nHalve it.\n\n# End", [
            "Solution:\n\n# Sums\n\n## Step 1: 2+2. So 4.\n\n", "Step 2.\n\nHalve it.\n\n", "# End",
        ]),
        ("Step 1: Add.\n2+2=4\nStep 2: Halve.\n4/2=2\nSo 2.", [
            "Step 1: Add.\n2+2=4\n", "Step 2: Halve.\n4/2=2\nSo 2.",
        ]),
        ("Think.\n2 and 2.\nStep 1: Add.\n2+2=4\n**Step 2**\n4/2=2", [
            "Think.\n", "2 and 2.\n", "Step 1: Add.\n2+2=4\n", "**Step 2**\n4/2=2",
        ]),
        # what nothing closes reaches to the next prose
        ("So \\[ x = 1\n\nNow add.\n\nHalve.", ["So \\[ x = 1\n\n", "Now add.\n\n", "Halve."]),
        ("So $$ x = 1\n\nNow add.\n\n$$y$$ it is.", [
            "So $$ x = 1\n\n", "Now add.\n\n", "$$y$$ it is.",
        ]),
        ("So\n\\begin{cases}\na\nThen b.\nSo c.", [
            "So\n\\begin{cases}\na\n", "Then b.\n", "So c.",
        ]),
        ("Run\n```\nx = 1\n\ny = 2\n\nThen it ends.", [
            "Run\n```\nx = 1\n\ny = 2\n\n", "Then it ends.",
        ]),
        ("So \\( x\nThen b.", ["So \\( x\n", "Then b."]),
        ("Cut off:\n\\[\nx = 1 +\ny", ["Cut off:\n\\[\nx = 1 +\ny"]),
    ],
)  # fmt: skip
def test_the_text_decides_by_default(text: str, steps: list[str]) -> None:
    assert split_steps(text) == steps


MIXED = "Add. Then\nhalve.\n\n## One\nAs is. So\n1. a\n\nb\n\nStep 2: c.\nd\n2. e"
LISTED = "Do this. Now\n\n1. a\n\nb\n2. c. D\n3) e"


@pytest.mark.parametrize(
    ("form", "text", "steps"),
    [
        ("sections", MIXED, [
            "Add. Then\nhalve.\n\n", "## One\nAs is. So\n1. a\n\nb\n\n", "Step 2: c.\nd\n2. e",
        ]),
        ("paragraphs", MIXED, [
            "Add. Then\nhalve.\n\n", "## One\nAs is. So\n1. a\n\n", "b\n\n", "Step 2: c.\nd\n2. e",
        ]),
        ("lines", MIXED, [
            "Add. Then\n", "halve.\n\n", "## One\nAs is. So\n", "1. a\n\n", "b\n\n", "Step 2: c.\n",
            "d\n", "2. e",
        ]),
        ("sentences", MIXED, [
            "Add. ", "Then\nhalve.\n\n", "## One\nAs is. ", "So\n1. a\n\n", "b\n\n",
            "Step 2: c.\nd\n2. e",
        ]),
        ("sections", LISTED, ["Do this. Now\n\n", "1. a\n\nb\n", "2. c. D\n", "3) e"]),
        ("paragraphs", "One. Two.\nThree.", ["One. Two.\nThree."]),
        ("sentences", "One. Two.\nThree.", ["One. ", "Two.\n", "Three."]),
        ("lines", "One. Two.", ["One. Two."]),
        ("lines", "$$\na\n$$\nb\n---\nc", ["$$\na\n$$\n", "b\n---\n", "c"]),
    ],
)  # fmt: skip
def test_a_form_may_be_chosen(form: Form, text: str, steps: list[str]) -> None:
    assert split_steps(text, form) == steps


@pytest.mark.parametrize(
    ("before", "text", "steps"),
    [
        ("Add. ", "Halve. So 2.", ["Halve. ", "So 2."]),
        ("Add.\n", "Halve. So 2.", ["Halve. So 2."]),
        ("Add.\nThen\n\n", "Halve.\nSo 2.", ["Halve.\nSo 2."]),
        ("Add:\n", "\n\\[x\\]\nSo 2.", ["\n\\[x\\]\nSo 2."]),
        ("Add:\n", "\\[x\\]\nSo 2.", ["\\[x\\]\n", "So 2."]),
        ("Add:\n", "", []),
    ],
)
def test_a_continuation_has_the_form_of_the_whole(before: str, text: str, steps: list[str]) -> None:
    assert split_steps(text, before=before) == steps


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(
    "piece",
    [
        "\n", " ", "a", "$", "$$", "$a", "\\[", "\\]", "\\(", "\\begin{a}", "\\end{a}", "\\", ". ",
        "\\begin{a}\\begin{b}\\end{a}\\end{b}", "```\n", "```a\n", "So it\n\n```", "|", "|\n",
        "-", "#", "# a\n", "**a", "**a\n", "|-\n", "Step 1\n", "1.\n", "\\[x\\]\n\n", "---\n\n",
        "So. So\n", "$$\n\nNow it\n", "\\[\nNow it\n", "[asy]", "(", "\r\n", "a |\n", "*", "_",
    ],
)  # fmt: skip
def test_work_grows_with_the_text_and_no_faster(
    split: Callable[[str], list[str]], piece: str
) -> None:
    few, many = (piece * (n // len(piece)) for n in (4_000, 8_000))
    assert count_lines_run(split, many) < 2.5 * count_lines_run(split, few) + 500
    long = piece * (100_000 // len(piece))
    assert "".join(split(long)) == long


def count_lines_run(split: Callable[[str], list[str]], text: str) -> int:
    """How many lines of Python run while the text is split."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        split(text)
    finally:
        sys.settrace(before)
    return count


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text("ab \n\t\r\x0b\x0c\x1c\x85\xa0\u2028", max_size=20))
def test_lines_are_those_that_a_loop_finds(text: str) -> None:
    starts, says_something = [0], False
    for line in re.finditer(r"[^\n]*\n|[^\n]+", text):
        has_words = bool(line[0].strip())
        if says_something and has_words:
            starts.append(line.start())
        says_something = says_something or has_words
    assert split_lines(text) == [text[a:b] for a, b in pairwise([*starts, len(text)]) if text]
