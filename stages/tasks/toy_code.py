"""The code toy: graded small functions that unit tests grade, and whose every line can be checked.

Level n takes n operations, a line each: on a list, on two lists that are joined, or on a word.
If the order of two lines is free, both are right, and some lines can be written in two ways. A line
is sound if what it sets leads to the reference's results: by some of the reference's lines, or by
what the program itself does next. States are compared on inputs of the task's own, which detects a
program that passes its few tests by luck.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from stages.tasks.interpreter import RESULT, Line, Variables, read_header, read_line, run_lines
from stages.tasks.operations import JOIN, LETTERS, NAMES, OPENINGS, OPERATIONS, SHAPES, THINGS
from stages.tasks.task import Problem, Task, TaskSettings
from stages.tasks.unit_test_inputs import parse_body, pick_inputs, random_input, results

States = Sequence[Variables | None]  # None if the program has failed
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

    @property
    def asks_for_programs(self) -> bool:
        return True


class ToyCode(Task):
    """The generator and its oracle."""

    settings = ToyCodeSettings

    def problems(self, settings: ToyCodeSettings, seed: int) -> Iterator[Problem]:
        """Distinct problems: demonstrated ones, ones with tests only, and the test suite."""
        maker = _Maker(f"toy-code-{seed}", settings)
        yield from maker.make_problems("train", settings.n_demonstrated, demonstrated=True)
        yield from maker.make_problems("train", settings.n_train)
        yield from maker.make_problems("test", settings.n_test)

    def more_problems(self, settings: ToyCodeSettings, count: int, seed: int) -> Iterator[Problem]:
        """Problems from a generator of their own, for a simulator to learn from."""
        return _Maker(f"toy-code-more-{seed}", settings).make_problems("train", count)

    def truth(self, rationale: list[str], steps: list[str]) -> list[bool]:
        """A line is sound if what it sets leads to the reference's results.

        A line outside the interpreter's family is unsound, and so are those after it. No text is
        ever executed.
        """
        gold = _gold(tuple(rationale))
        header = read_header(steps[0]) if steps else None
        if not header or header[0] != gold.name or len(header[1]) != len(gold.parameters):
            return [False] * len(steps)
        states: States = [
            dict(zip(header[1], probe.values(), strict=True)) for probe in gold.probes
        ]
        sound = [gold.some_route_needs(states, header[1][0])]
        for step in steps[1:]:
            line = read_line(step)
            states = [run_lines([line], state) if line and state else None for state in states]
            sound.append(line is not None and gold.some_route_needs(states, line.target))
        return [True] * len(steps) if gold.reaches_results(states, []) else sound


class _Gold(NamedTuple):
    """A reference program: inputs to probe with, its results on them, and routes to those results.

    A route is some of its lines in their order, always with the last one.
    """

    name: str
    parameters: list[str]
    probes: list[Variables]
    expected: list[Any]
    routes: list[list[Line]]

    def reaches_results(self, states: States, route: list[Line]) -> bool:
        """Whether the route leads from the state of every probe to its result."""
        return all(
            state is not None and results(route, [state]) == [result]
            for state, result in zip(states, self.expected, strict=True)
        )

    def some_route_needs(self, states: States, name: str) -> bool:
        """Whether some route leads to the results and needs the variable `name`."""
        if name == RESULT:
            return self.reaches_results(states, [])
        without = [state and {k: v for k, v in state.items() if k != name} for state in states]
        return any(
            self.reaches_results(states, route) and not self.reaches_results(without, route)
            for route in self.routes
        )


@lru_cache(maxsize=1024)
def _gold(rationale: tuple[str, ...]) -> _Gold:
    header = read_header(rationale[0])
    if header is None:
        raise ValueError(f"no reference program begins with {rationale[0]!r}")
    name, parameters = header
    rng = random.Random("probes")
    probes = [random_input(rng, parameters) for _ in range(PROBES)]
    *work, last = parse_body(rationale[1:])
    line_subsets = [
        lines for size in range(len(work), -1, -1) for lines in combinations(work, size)
    ]
    routes = [[*lines, last] for lines in line_subsets]
    return _Gold(name, parameters, probes, results(routes[0], probes), routes)


class _Maker:
    """Makes problems; no question occurs twice."""

    def __init__(self, seed: str, settings: ToyCodeSettings) -> None:
        self.rng, self.settings = random.Random(seed), settings
        self.seen: set[str] = set()

    def make_problems(
        self, split: str, count: int, demonstrated: bool = False
    ) -> Iterator[Problem]:
        """`count` problems of each level, the levels in turn."""
        for number in range(count * self.settings.levels):
            level = 1 + number % self.settings.levels
            question, steps, asserts = self._new_problem(level)
            shown_asserts = "\n".join(asserts[: self.settings.n_shown])
            yield Problem(
                location=f"{split}-{len(self.seen)}",
                split=split,  # type: ignore[arg-type]
                question=question,
                answer="".join(steps),
                prompt=f"{question}\n{shown_asserts}\n",
                rationale=steps,
                demonstrated=demonstrated,
                level=level,
                problem_id=f"toy-code-{split}-{len(self.seen):05d}",
                kind="code",
                tests=asserts,
            )

    def _new_problem(self, level: int) -> tuple[str, list[str], list[str]]:
        while True:
            parameters, question, body = _problem(self.rng, level)
            if question in self.seen:
                continue
            inputs = pick_inputs(body, parameters.split(", "), self.settings.n_asserts, self.rng)
            if inputs is not None:
                self.seen.add(question)
                name = self.rng.choice(NAMES)
                header = f"def {name}({parameters}):\n"
                return question, [header, *body], _asserts(name, body, inputs)


def _asserts(name: str, body: list[str], inputs: list[Variables]) -> list[str]:
    calls = [f"{name}({', '.join(map(repr, one.values()))})" for one in inputs]
    expected = results(parse_body(body), inputs)
    return [f"assert {call} == {value!r}" for call, value in zip(calls, expected, strict=True)]


def _problem(rng: random.Random, level: int) -> tuple[str, str, list[str]]:
    """(parameters, question, body) of one problem."""
    on_a, on_b, on_both = rng.choice(SHAPES[level])
    parameters = "a, b" if on_b else "s" if rng.random() < WORD_SHARE else "a"
    opening = rng.choice(OPENINGS[parameters]).format(things=rng.choice(THINGS))
    if on_b:
        phrases, lines, last = _chain_on_two_lists(rng, on_a, on_b, on_both)
    else:
        phrases, lines, last = _chain(rng, parameters, on_a)
    sentences = [f"{text[0].upper()}{text[1:]}." for text in phrases]
    body = [f"    {line}\n" for line in lines]
    return parameters, " ".join([opening, *sentences]), [*body, f"    return {last}"]


def _chain_on_two_lists(
    rng: random.Random, on_a: int, on_b: int, on_both: int
) -> tuple[list[str], list[str], str]:
    """As _chain: operations on a and on b, mixed; one that joins them; operations on both."""
    phrases_of, lines_of = {}, {}
    for name, count in (("a", on_a), ("b", on_b)):
        phrases, lines_of[name], _ = _chain(rng, "a", count, name, keep_type=True)
        phrases_of[name] = [f"in {name}, {text}" for text in phrases]
    phrases, lines, last = _chain(rng, "a", on_both)
    return (
        [
            *_interleave(rng, phrases_of),
            rng.choice(JOIN.phrases),
            *(f"then {text}" for text in phrases),
        ],
        [*_interleave(rng, lines_of), *JOIN.lines, *lines],
        last,
    )


def _chain(
    rng: random.Random, variable: str, count: int, name: str | None = None, keep_type: bool = False
) -> tuple[list[str], list[str], str]:
    """(phrases, lines, the variable set last) of `count` operations in sequence.

    name: of the list's variable, if not a. keep_type: the value never becomes a number.
    """
    phrases, lines = [], []
    for _ in range(count):
        ends = variable != "n" and not keep_type and rng.random() < END_SHARE
        read, variable = variable, "n" if ends else variable
        operation = rng.choice(OPERATIONS[read, variable])
        n = rng.randint(2, operation.max_operand)
        values = {"v": name or "a", "n": n, "c": rng.choice(LETTERS)}
        phrases.append(rng.choice(operation.phrases).format(**values))
        lines.append(rng.choice(operation.lines).format(**values))
    return phrases, lines, variable


def _interleave(rng: random.Random, lists: dict[str, list[str]]) -> list[str]:
    """The lists mixed at random into one, each in its own order."""
    rest = {name: list(items) for name, items in lists.items() if items}
    mixed = []
    while rest:
        chosen = rng.choice(list(rest))
        mixed.append(rest[chosen].pop(0))
        rest = {name: items for name, items in rest.items() if items}
    return mixed


TASK = ToyCode()
