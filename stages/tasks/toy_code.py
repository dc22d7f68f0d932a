"""The code toy: graded small functions that unit tests grade, and whose every line can be checked.

Level n takes n operations, a line each: on a list, on two lists that are joined, or on a word.
Where the order of two lines is free either is right, and some lines can be written in two ways.
A line is sound when what it sets leads on to the reference's results: by some of the reference's
lines, or by what the program itself does next. States are compared on inputs of the task's own, so
that a program which passes its few tests by luck is found out.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from stages.tasks.interpreter import RESULT, Line, Variables, read_header, read_line, run
from stages.tasks.operations import JOIN, LETTERS, NAMES, OPENINGS, OPERATIONS, SHAPES, THINGS
from stages.tasks.task import Problem, Task, TaskSettings
from stages.tasks.unit_test_inputs import an_input, compiled, pick, results

States = Sequence[Variables | None]  # None where the program has failed
PROBES = 24  # inputs that states are compared on
WORD_SHARE, END_SHARE = 0.25, 0.3  # of functions on words; of operations that make a number


class ToyCodeSettings(TaskSettings):
    """Section `task` of the code toy; counts are problems of each level."""

    section: ClassVar[str] = "task"
    levels: int = Field(ge=1, le=5)
    n_demonstrated: int = Field(ge=1)
    n_train: int = Field(ge=1)
    n_test: int = Field(ge=1)
    n_asserts: int = Field(ge=3, le=8)
    n_shown: int = Field(ge=1, le=2)


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
        """A line is sound if what it sets leads on to the reference's results.

        A line outside the interpreter's family is unsound, and so is what follows it. No text is
        ever executed.
        """
        gold = _gold(tuple(rationale))
        header = read_header(steps[0]) if steps else None
        if not header or header[0] != gold.name or len(header[1]) != len(gold.parameters):
            return [False] * len(steps)
        states: States = [
            dict(zip(header[1], probe.values(), strict=True)) for probe in gold.probes
        ]
        sound = [gold.within_reach(states, header[1][0])]
        for step in steps[1:]:
            line = read_line(step)
            states = [run([line], state) if line and state else None for state in states]
            sound.append(line is not None and gold.within_reach(states, line.sets))
        return [True] * len(steps) if gold.reached(states, []) else sound


class _Gold(NamedTuple):
    """A reference program: inputs to probe with, its results on them, and routes to those.

    A route is some of its lines in their order, the last one always among them.
    """

    name: str
    parameters: list[str]
    probes: list[Variables]
    wanted: list[Any]
    routes: list[list[Line]]

    def reached(self, states: States, route: list[Line]) -> bool:
        """Does the route lead from the state of every probe to its result?"""
        return all(
            state is not None and results(route, [state]) == [result]
            for state, result in zip(states, self.wanted, strict=True)
        )

    def within_reach(self, states: States, name: str) -> bool:
        """Does a route lead there that needs the variable of this name?"""
        if name == RESULT:
            return self.reached(states, [])
        without = [state and {k: v for k, v in state.items() if k != name} for state in states]
        return any(
            self.reached(states, route) and not self.reached(without, route)
            for route in self.routes
        )


@lru_cache(maxsize=1024)
def _gold(rationale: tuple[str, ...]) -> _Gold:
    header = read_header(rationale[0])
    if header is None:
        raise ValueError(f"no reference program begins with {rationale[0]!r}")
    name, parameters = header
    rng = random.Random("probes")
    probes = [an_input(rng, parameters) for _ in range(PROBES)]
    *work, last = compiled(rationale[1:])
    some = [lines for size in range(len(work), -1, -1) for lines in combinations(work, size)]
    routes = [[*lines, last] for lines in some]
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
            question, steps, asserts = self._distinct(level)
            shown = "\n".join(asserts[: self.settings.n_shown])
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
                tests=asserts,
            )

    def _distinct(self, level: int) -> tuple[str, list[str], list[str]]:
        while True:
            parameters, question, body = _problem(self.rng, level)
            if question in self.seen:
                continue
            inputs = pick(body, parameters.split(", "), self.settings.n_asserts, self.rng)
            if inputs is not None:
                self.seen.add(question)
                name = self.rng.choice(NAMES)
                header = f"def {name}({parameters}):\n"
                return question, [header, *body], _asserts(name, body, inputs)


def _asserts(name: str, body: list[str], inputs: list[Variables]) -> list[str]:
    calls = [f"{name}({', '.join(map(repr, one.values()))})" for one in inputs]
    wanted = results(compiled(body), inputs)
    return [f"assert {call} == {value!r}" for call, value in zip(calls, wanted, strict=True)]


def _problem(rng: random.Random, level: int) -> tuple[str, str, list[str]]:
    """(parameters, question, body) of one problem."""
    on_a, on_b, on_both = rng.choice(SHAPES[level])
    parameters = "a, b" if on_b else "s" if rng.random() < WORD_SHARE else "a"
    opening = rng.choice(OPENINGS[parameters]).format(things=rng.choice(THINGS))
    if on_b:
        said, lines, last = _on_two(rng, on_a, on_b, on_both)
    else:
        said, lines, last = _chain(rng, parameters, on_a)
    sentences = [f"{text[0].upper()}{text[1:]}." for text in said]
    body = [f"    {line}\n" for line in lines]
    return parameters, " ".join([opening, *sentences]), [*body, f"    return {last}"]


def _on_two(
    rng: random.Random, on_a: int, on_b: int, on_both: int
) -> tuple[list[str], list[str], str]:
    """As _chain: operations on a and on b mixed, one that joins them, operations on both."""
    said_of, lines_of = {}, {}
    for name, count in (("a", on_a), ("b", on_b)):
        said, lines_of[name], _ = _chain(rng, "a", count, name, stay=True)
        said_of[name] = [f"in {name}, {text}" for text in said]
    said, lines, last = _chain(rng, "a", on_both)
    return (
        [*_mixed(rng, said_of), rng.choice(JOIN.says), *(f"then {text}" for text in said)],
        [*_mixed(rng, lines_of), *JOIN.lines, *lines],
        last,
    )


def _chain(
    rng: random.Random, variable: str, count: int, name: str | None = None, stay: bool = False
) -> tuple[list[str], list[str], str]:
    """(what is said, lines, the variable set last) of `count` operations after each other.

    name: how a list is called, if not a. stay: the value stays what it is, and never becomes
    a number.
    """
    said, lines = [], []
    for _ in range(count):
        ends = variable != "n" and not stay and rng.random() < END_SHARE
        read, variable = variable, "n" if ends else variable
        operation = rng.choice(OPERATIONS[read, variable])
        n = rng.randint(2, operation.most)
        values = {"v": name or "a", "n": n, "c": rng.choice(LETTERS)}
        said.append(rng.choice(operation.says).format(**values))
        lines.append(rng.choice(operation.lines).format(**values))
    return said, lines, variable


def _mixed(rng: random.Random, lists: dict[str, list[str]]) -> list[str]:
    """One list with each list's order kept, mixed at random."""
    rest = {name: list(items) for name, items in lists.items() if items}
    mixed = []
    while rest:
        chosen = rng.choice(list(rest))
        mixed.append(rest[chosen].pop(0))
        rest = {name: items for name, items in rest.items() if items}
    return mixed


TASK = ToyCode()
