"""The interpreter of lines: as Python does, within its family; nothing outside it."""

import random
from typing import Any

import pytest

from stages.tasks.interpreter import RESULT, read_header, read_line, run_lines
from stages.tasks.operations import JOIN, OPERATIONS
from stages.tasks.unit_test_inputs import random_input

INPUTS: list[dict[str, Any]] = [
    {"a": [], "b": [3], "s": "", "n": 0},
    {"a": [1], "b": [], "s": "t", "n": 3},
    {"a": [7, 2, 9, 2], "b": [0, 4], "s": "tea", "n": -5},
]
GENERATED = [
    line.format(v=v, n=3, c="e")
    for operation in [JOIN, *(o for some in OPERATIONS.values() for o in some)]
    for line in operation.lines
    for v in "ab"
]
OTHERS = [
    "n = a[0]",
    "n = a[-1] + b[n]",
    "a = a[n:]",
    "a = b[:-1:2]",
    "a = [n - x for x in a]",
    "a = [x for x in a if x > 2 if x < 9]",
    "a = [x + y for x in a]",
    "a = [a for a in b]",
    "a = [c for c in s]",
    "a = sorted(set(a))",
    "n = len(set(s))",
    "n = max(a)",
    "n = max(n, 2)",
    "n = a.count(2)",
    "n = n.count(2)",
    "n = n // 0",
    "n = -n % 4",
    "n = a + n",
    "s = s * n",
    's = "x" + s  # before it',
    "n = missing",
    "n = sum(s)",
    "n = sorted(n)",
    "n = " + "(" * 50 + "n" + ")" * 50,
    "return a == b",
]


@pytest.mark.parametrize("line", [*GENERATED, *OTHERS])
def test_a_line_does_what_python_does(line: str) -> None:
    known = read_line(f"    {line}\n")
    assert known
    for variables in INPUTS:
        program = f"def f(a, b, s, n):\n    {line}\n    return a, b, s, n"
        space: dict[str, Any] = {}
        exec(program, space)
        try:
            wanted = space["f"](**variables)
        except Exception:
            wanted = None
        found = run_lines([known], variables)
        returned = found and found.get(RESULT, tuple(found[name] for name in "absn"))
        assert returned == wanted
        assert wanted is None or type(returned) is type(wanted)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "pass",
        "n = ",
        "n = 1; a = 2",
        "n += 1",
        "a, b = b, a",
        "a[0] = 1",
        "import os",
        "n = __import__('os')",
        "n = open('file')",
        "n = s.format(a)",
        "n = a.__class__",
        "n = lambda: 1",
        "n = 2 ** 9",
        "n = 1.5",
        "n = f'{s}'",
        "n = a if b else s",
        "n = [x for x in [y for y in a]]",
        "n = [x for x in a for y in b]",
        "n = max(*a)",
        "n = max(a, key=len)",
        "sum = sum(a)",
        "n = (n",
        "n = " + "-" * 500 + "n",
        "return",
        "for x in a: pass",
        "   n = 1",
        "n = 1\n    n = 2",
        "n = '\0'",
    ],
)
def test_what_is_outside_the_family_is_not_read(line: str) -> None:
    assert read_line(f"    {line}\n") is None


@pytest.mark.parametrize("indent", ["", "  ", "\t", "     "])
def test_a_line_is_indented_by_four(indent: str) -> None:
    assert read_line(f"{indent}n = 1\n") is None


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        ("n = n * n", {"n": 10**9}),
        ("n = n + n", {"n": 10**12}),
        ("s = s * n", {"s": "tea", "n": 10**30}),
        ("s = s * n", {"s": "tea", "n": 34}),
        ("a = n * a", {"a": [1, 2], "n": 51}),
        ("s = s + s", {"s": "t" * 51}),
        ("a = [a for x in a]", {"a": [1, 2]}),
        ("n = s % n", {"s": "%999999999d", "n": 1}),
        ("a = [x for x in set(s)]", {"s": "tea"}),
    ],
)
def test_values_stay_small_flat_and_in_order(line: str, variables: dict[str, Any]) -> None:
    known = read_line(f"    {line}\n")
    assert known and run_lines([known], variables) is None


def test_nothing_runs_after_a_return() -> None:
    lines = [read_line(f"    {text}\n") for text in ("n = 1", "return n", "n = 2", "return n")]
    assert run_lines([line for line in lines if line], {}) == {"n": 1, RESULT: 1}


def test_variables_given_stay_as_they_are() -> None:
    line = read_line("    a = a + a\n")
    given = random_input(random.Random(0), ["a"])
    before = {name: list(value) for name, value in given.items()}
    assert line and run_lines([line], given) != before and given == before


@pytest.mark.parametrize(
    ("step", "header"),
    [
        ("def f(a):\n", ("f", ["a"])),
        ("def work(a, b):\n", ("work", ["a", "b"])),
        ("def f():\n", None),
        ("def f(a, a):\n", None),
        ("def f(if):\n", None),
        ("def f(a) -> int:\n", None),
        (" def f(a):\n", None),
        ("def f(a): return a\n", None),
        ("n = 1\n", None),
    ],
)
def test_header(step: str, header: tuple[str, list[str]] | None) -> None:
    assert read_header(step) == header
