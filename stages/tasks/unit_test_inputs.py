"""Inputs for the code toy's unit tests, on which near misses of a program go wrong."""

import random
import re
from collections.abc import Sequence
from typing import Any

from stages.tasks.interpreter import RESULT, Line, Variables, read_line, run_lines

POOL = 10  # inputs to pick from
WORDS = ["", "t", "tea", "level", "sales", "banana", "atlas", "steeple", "lease", "talents"]
LENGTHS = [0, 1, 2, 3, 4, 5]


def random_input(rng: random.Random, parameters: Sequence[str]) -> Variables:
    """A word for the parameter s, a list of small numbers for any other."""
    return {
        name: rng.choice(WORDS)
        if name == "s"
        else [rng.randint(0, 9) for _ in range(rng.choice(LENGTHS))]
        for name in parameters
    }


def parse_body(body: Sequence[str]) -> list[Line]:
    """The steps of a body as lines. Raises ValueError if one is outside the family."""
    lines = {step: read_line(step) for step in body}
    if None in lines.values():
        raise ValueError(f"a line is outside the interpreter's family: {body}")
    return [line for step in body if (line := lines[step])]


def results(lines: Sequence[Line], inputs: Sequence[Variables]) -> list[Any]:
    """What the lines return on each input; None if they fail or return nothing."""
    ends = [run_lines(lines, variables) for variables in inputs]
    return [None if end is None else end.get(RESULT) for end in ends]


def near_misses(work: Sequence[str]) -> list[list[str]]:
    """The lines with one left out, with two neighbours swapped, or with one a little wrong.

    A little wrong means a number one more or less, or no default for an empty list.
    """
    indices = range(len(work))
    without = [[*work[:i], *work[i + 1 :]] for i in indices]
    swapped = [[*work[:i], work[i + 1], work[i], *work[i + 2 :]] for i in indices[:-1]]
    wrong = [[*work[:i], line, *work[i + 1 :]] for i in indices for line in _slips(work[i])]
    return without + swapped + wrong


def _slips(line: str) -> list[str]:
    numbers = re.finditer(r"\d+", line)
    changed = [
        (match.span(), str(int(match[0]) + offset)) for match in numbers for offset in (1, -1)
    ]
    slips = [line[:start] + number + line[end:] for (start, end), number in changed]
    return slips + [bare for bare in [line.replace(", default=0", "")] if bare != line]


def pick_inputs(
    body: Sequence[str], parameters: Sequence[str], count: int, rng: random.Random
) -> list[Variables] | None:
    """`count` different inputs that detect the body's near misses, the most effective first.

    None if a line makes no difference, or if results hardly differ.
    """
    candidates: dict[str, Variables] = {}
    while len(candidates) < POOL:
        one = random_input(rng, parameters)
        candidates[repr(one)] = one
    # a prompt shows the first: no empty list, if another is as effective
    inputs = sorted(candidates.values(), key=lambda one: not all(one.values()))
    expected = results(parse_body(body), inputs)
    *work, last = body
    misses = [results(parse_body([*miss, last]), inputs) for miss in near_misses(work)]
    detecting = [{i for i in range(POOL) if miss[i] != expected[i]} for miss in misses]
    if not all(detecting[: len(work)]) or len(set(map(repr, expected))) < 3:
        return None
    chosen: list[int] = []
    while len(chosen) < count:
        undetected = [indices for indices in detecting if not indices.intersection(chosen)]
        unchosen = [i for i in range(POOL) if i not in chosen]
        chosen.append(max(unchosen, key=lambda i: sum(i in indices for indices in undetected)))
    return [inputs[i] for i in chosen]
