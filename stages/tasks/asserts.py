"""Unit tests for the code toy: inputs on which a program's near misses go wrong."""

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from stages.tasks.interpreter import RESULT, Line, Variables, read_line, run

POOL = 10
WORDS = ["", "t", "tea", "level", "sales", "banana", "Atlas", "steeple", "lease", "talents"]


def an_input(rng: random.Random, parameter: str) -> Any:
    """A value for the parameter s (a word) or any other (a list of small numbers)."""
    if parameter == "s":
        return rng.choice(WORDS)
    return [rng.randint(0, 9) for _ in range(rng.choice([0, 1, 2, 3, 4, 5]))]


def results(lines: Sequence[Line], inputs: Sequence[Variables]) -> list[Any]:
    """What the lines return on each input; None where they fail."""
    ends = [run(lines, variables) for variables in inputs]
    return [end and end.get(RESULT) for end in ends]


def near_misses(body: Sequence[str]) -> list[list[str]]:
    """The body (its last line returns) with one line left out, two swapped, or a number off by one."""
    work, last = list(body[:-1]), body[-1]
    without = [[*work[:i], *work[i + 1 :]] for i in range(len(work))]
    swapped = [[*work[:i], work[i + 1], work[i], *work[i + 2 :]] for i in range(len(work) - 1)]
    wrong = [
        [*work[:i], line[: found.start()] + str(int(found[0]) + by) + line[found.end() :], *work[i + 1 :]]
        for i, line in enumerate(work)
        for found in re.finditer(r"\d+", line)
        for by in (1, -1)
    ]
    lenient = [[*work[:i], line.replace(", default=0", ""), *work[i + 1:]] for i, line in enumerate(work) if "default" in line]
    return [[*lines, last] for lines in without + swapped + wrong + lenient]


def pick(body: Sequence[str], parameters: Sequence[str], count: int, rng: random.Random) -> list[Variables] | None:
    """`count` inputs that tell the body from its near misses, the most telling first.

    None if a line of the body makes no difference, or nothing does.
    """
    inputs = distinct(rng, parameters)
    wanted = results(compiled(body), inputs)
    misses = [results(compiled(miss), inputs) for miss in near_misses(body)]
    told = [{i for i, pair in enumerate(zip(wanted, miss, strict=True)) if pair[0] != pair[1]} for miss in misses]
    if not all(told[: len(body) - 1]) or len({repr(value) for value in wanted}) < 3:
        return None
    chosen: list[int] = []
    while len(chosen) < count:
        left = [places for places in told if not places.intersection(chosen)]
        rest = [i for i in range(len(inputs)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: sum(i in places for places in left)))
    return [inputs[i] for i in chosen]


def distinct(rng: random.Random, parameters: Sequence[str]) -> list[Variables]:
    found: dict[str, Variables] = {}
    while len(found) < POOL:
        variables = {name: an_input(rng, name) for name in parameters}
        found.setdefault(repr(variables), variables)
    return sorted(found.values(), key=lambda variables: not all(variables.values()))


def compiled(body: Sequence[str]) -> list[Line]:
    """The lines as functions on variables. Raises ValueError if one is outside the family."""
    lines = [read_line(line) for line in body]
    if None in lines:
        raise ValueError(f"a line is outside the family: {body}")
    return [line for line in lines if line]
