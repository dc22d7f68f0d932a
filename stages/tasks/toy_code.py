"""The code toy: graded small functions that unit tests grade, and whose every line can be checked.

Level n takes n operations, a line each: on one list, on two lists that are joined, or on a word.
Where the order of two lines is free either is right, and some lines can be written in two ways.
A line is sound when the state after it still leads to the reference's results: by some of the
reference's lines, or by what the program itself does next. States are compared on inputs of the
task's own, so that a program which passes its few tests by luck is found out.
"""

import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from stages.tasks.asserts import an_input, compiled, pick, results
from stages.tasks.interpreter import Line, Variables, read_header, read_line, run
from stages.tasks.operations import (
    JOIN,
    LETTERS,
    NAMES,
    OPENINGS,
    OPERATIONS,
    SHAPES,
    THINGS,
    Operation,
)
from stages.tasks.task import Problem, Task, TaskSettings

PROBES = 24
WORD_SHARE = 0.25


class ToyCodeSettings(TaskSettings):
    """Section `task` of the code toy; counts are problems of each level."""

    section: ClassVar[str] = "task"
    levels: int = Field(ge=1, le=5)
    n_demonstrated: int = Field(ge=1)
    n_train: int = Field(ge=1)
    n_test: int = Field(ge=1)
    n_asserts: int = Field(ge=3, le=8)
    n_shown: int = Field(ge=1, le=3)


class ToyCode(Task):
    """The generator and its oracle."""

    settings = ToyCodeSettings

    def problems(self, settings: ToyCodeSettings, seed: int) -> Iterator[Problem]:
        """Distinct problems: demonstrated ones, ones with tests only, and the test suite."""
        maker = _Maker(f"toy-code-{seed}", settings)
        yield from maker.block("train", settings.n_demonstrated, demonstrated=True)
        yield from maker.block("train", settings.n_train)
        yield from maker.block("test", settings.n_test)

    def more(self, settings: ToyCodeSettings, count: int, seed: int) -> Iterator[Problem]:
        """Problems from a generator of their own, for a simulator to learn from."""
        return _Maker(f"toy-code-more-{seed}", settings).block("train", count)

    def truth(self, rationale: list[str], steps: list[str]) -> list[bool]:
        """A line is sound if the reference's results can be reached from the state after it.

        A line outside the interpreter's family is unsound, and so is all that follows it.
        """
        gold = _gold(tuple(rationale))
        header = read_header(steps[0]) if steps else None
        if not header or header[0] != gold.name or len(header[1]) != len(gold.parameters):
            return [False] * len(steps)
        states: list[Variables | None] = [
            dict(zip(header[1], probe.values(), strict=True)) for probe in gold.probes
        ]
        met = [states]
        for step in steps[1:]:
            line = read_line(step)
            states = [line and state and run([line], state) for state in states]
            met.append(states)
        if gold.has_results(met[-1]):
            return [True] * len(steps)
        return [gold.within_reach(states) for states in met]


class _Gold(NamedTuple):
    """A reference program: probes are inputs, wanted its results on them.

    routes: some of its lines in their order, the last one always among them.
    """

    name: str
    parameters: list[str]
    probes: list[Variables]
    wanted: list[Any]
    routes: list[list[Line]]

    def has_results(self, states: list[Variables | None]) -> bool:
        return None not in states and results([], states) == self.wanted

    def within_reach(self, states: list[Variables | None]) -> bool:
        """Does a route lead from every probe's state to its result?"""
        if None in states:
            return False
        return any(
            all(results(route, [s]) == [w] for s, w in zip(states, self.wanted, strict=True))
            for route in self.routes
        )


@lru_cache(maxsize=1024)
def _gold(rationale: tuple[str, ...]) -> _Gold:
    header = read_header(rationale[0])
    if header is None:
        raise ValueError(f"no reference program begins with {rationale[0]!r}")
    name, parameters = header
    rng = random.Random("probes")
    probes = [{p: an_input(rng, p) for p in parameters} for _ in range(PROBES)]
    *work, last = compiled(rationale[1:])
    routes = [
        [*some, last] for size in range(len(work), -1, -1) for some in combinations(work, size)
    ]
    return _Gold(name, parameters, probes, results(routes[0], probes), routes)


class _Maker:
    """Makes problems, no question twice."""

    def __init__(self, seed: str, settings: ToyCodeSettings) -> None:
        self.rng, self.settings = random.Random(seed), settings
        self.seen: set[str] = set()

    def block(self, split: str, count: int, demonstrated: bool = False) -> Iterator[Problem]:
        """`count` problems of each level, the levels by turns."""
        for number in range(count * self.settings.levels):
            level = 1 + number % self.settings.levels
            question, steps, tests = self._distinct(level)
            shown = "\n".join(tests[: self.settings.n_shown])
            yield Problem(
                row=f"{split}-{len(self.seen)}",
                split=split,  # type: ignore[arg-type]
                question=question,
                answer="".join(steps),
                prompt=f"{question}\n{shown}\n",
                rationale=steps,
                demonstrated=demonstrated,
                level=level,
                problem_id=f"toy-code-{split}-{len(self.seen):05d}",
                kind="code",
                tests=tests,
            )

    def _distinct(self, level: int) -> tuple[str, list[str], list[str]]:
        while True:
            parameters, question, body = _problem(self.rng, level)
            if question in self.seen:
                continue
            inputs = pick(body, parameters.split(", "), self.settings.n_asserts, self.rng)
            if inputs is None:
                continue
            self.seen.add(question)
            name = self.rng.choice(NAMES)
            return question, [f"def {name}({parameters}):\n", *body], _asserts(name, body, inputs)


def _asserts(name: str, body: list[str], inputs: list[Variables]) -> list[str]:
    calls = [f"{name}({', '.join(map(repr, variables.values()))})" for variables in inputs]
    wanted = results(compiled(body), inputs)
    return [f"assert {call} == {value!r}" for call, value in zip(calls, wanted, strict=True)]


def _problem(rng: random.Random, level: int) -> tuple[str, str, list[str]]:
    """(parameters, question, body)."""
    first, second, both = rng.choice(SHAPES[level])
    parameters = "a, b" if second else "s" if rng.random() < WORD_SHARE else "a"
    opening = rng.choice(OPENINGS[parameters]).format(things=rng.choice(THINGS))
    if second:
        a, b = _chain(rng, "a", first, "a", lists=True), _chain(rng, "a", second, "b", lists=True)
        last = _chain(rng, "a", both, "a")
        join = rng.choice(JOIN.says).capitalize()
        sentences = [f"In {v}, {said}." for v, said in _interleave(rng, [[("a", s) for s in a[0]], [("b", s) for s in b[0]]])]
        sentences += [f"{join}.", *(f"Then {said}." for said in last[0])]
        lines = [*_interleave(rng, [a[1], b[1]]), *JOIN.lines, *last[1]]
        sort = last[2]
    else:
        said, lines, sort = _chain(rng, parameters, first, parameters)
        sentences = [f"{s[0].upper()}{s[1:]}." for s in said]
    body = [f"    {line}\n" for line in lines]
    return parameters, " ".join([opening, *sentences]), [*body, f"    return {sort}"]


def _chain(
    rng: random.Random, sort: str, count: int, variable: str, lists: bool = False
) -> tuple[list[str], list[str], str]:
    """(what is said, lines, the sort of the last value) of `count` operations after each other."""
    said, lines = [], []
    for _ in range(count):
        operation = _next(rng, sort, lists)
        n = rng.randint(2, operation.most)
        values = {"v": variable, "n": n, "m": n + 1, "c": rng.choice(LETTERS)}
        said.append(rng.choice(operation.says).format(**values))
        lines.append(rng.choice(operation.lines).format(**values))
        sort = operation.gives
    return said, lines, sort


def _next(rng: random.Random, sort: str, lists: bool) -> Operation:
    fit = [o for o in OPERATIONS if o.takes == sort]
    keep, change = [o for o in fit if o.gives == sort], [o for o in fit if o.gives != sort]
    return rng.choice(change if change and not lists and rng.random() < 0.3 else keep)


def _interleave(rng: random.Random, lists: list[list[Any]]) -> list[Any]:
    """One list with each list's order kept, mixed at random."""
    rest = [list(items) for items in lists if items]
    mixed = []
    while rest:
        chosen = rng.choice(rest)
        mixed.append(chosen.pop(0))
        rest = [items for items in rest if items]
    return mixed


TASK = ToyCode()
