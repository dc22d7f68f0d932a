"""The toy: graded word problems whose every step can be checked.

Level n takes n equations. Two people's equations may come in either order, so a problem has
several right paths. A step names the quantity it works out ("Ann: 7+5=12"), which makes it
sound exactly when it is the next equation of that quantity, and the answer line sound when
nothing is left to work out. With `modulus` one more equation asks for a remainder, so answers
are small and right answers by luck are common.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from stages.tasks.task import Problem, Task, TaskSettings

NAMES = ["Ann", "Ben", "Cat", "Dan", "Eva", "Fay", "Gus", "Ida"]
THINGS = ["pens", "eggs", "cards", "coins", "books", "shells", "stamps", "cups"]
BOTH = "Both"
SHAPES = {  # level → how many equations (first person, second person, both together)
    1: [(1, 0, 0)],
    2: [(2, 0, 0)],
    3: [(1, 1, 1), (3, 0, 0)],
    4: [(2, 1, 1), (1, 2, 1)],
    5: [(2, 2, 1), (2, 1, 2), (1, 2, 2)],
}
SENTENCES = {  # operation → ways to say it, of one person or of both
    "+": ["{who} buys {n} more.", "{who} finds {n} others.", "{who} gets {n} as a gift."],
    "-": ["{who} loses {n}.", "{who} gives {n} away.", "{who} sells {n}."],
    "*": ["Then {who} has {n} times as many.", "{who} makes it {n} times that."],
    "/": ["{who} keeps one part of {n} equal parts.", "{who} keeps only 1 in {n}."],
}
TOGETHER = ["They put them together.", "All of them go in one box."]
MAX_OPERAND, MAX_VALUE = 12, 60
STEP = re.compile(r"(\w+): (\d+)([+\-*/%])(\d+)=(\d+)\s*")
ANSWER = re.compile(r"#### (\d+)\s*")


class ToySettings(TaskSettings):
    """Section `task` of the toy; counts are problems of each level."""

    section: ClassVar[str] = "task"
    modulus: bool
    levels: int = Field(ge=1, le=5)
    n_demonstrated: int = Field(ge=1)
    n_train: int = Field(ge=1)
    n_test: int = Field(ge=1)


@dataclass
class Quantity:
    """A running value with its sentences and its equations."""

    name: str
    value: int
    sentences: list[str]
    steps: list[str]


class Toy(Task):
    """The generator and its oracle."""

    settings = ToySettings

    def problems(self, settings: ToySettings, seed: int) -> Iterator[Problem]:
        """Distinct problems: demonstrated ones, ones with answers only, and the test suite."""
        maker = _Maker(f"toy-{seed}", settings)
        yield from maker.block("train", settings.n_demonstrated, demonstrated=True)
        yield from maker.block("train", settings.n_train)
        yield from maker.block("test", settings.n_test)

    def more(self, settings: ToySettings, count: int, seed: int) -> Iterator[Problem]:
        """Problems from a generator of their own, for a simulator to learn from."""
        return _Maker(f"toy-more-{seed}", settings).block("train", count)

    def truth(self, rationale: list[str], steps: list[str]) -> list[bool]:
        """A step is sound if it is the next equation of its quantity (either operand first)."""
        left = [parse_step(step) for step in rationale[:-1]]
        return [_take(step, left, rationale[-1]) for step in steps]


def parse_step(step: str) -> tuple[str, str, str, str, str] | None:
    """(quantity, operand, sign, operand, result), operands of + and * in order; None if no step."""
    match = STEP.fullmatch(step)
    if not match:
        return None
    name, a, sign, b, result = match.groups()
    if sign in "+*":
        a, b = sorted([a, b])
    return name, a, sign, b, result


def _take(step: str, left: list[tuple[str, str, str, str, str] | None], answer: str) -> bool:
    """Is the step sound? If so, it is taken from what is left to work out."""
    parsed = parse_step(step)
    if parsed is None:
        return not left and bool(ANSWER.fullmatch(step)) and step.strip() == answer.strip()
    waiting = [other for other in left if other is not None]
    same = [other for other in waiting if other[0] == parsed[0]]
    early = parsed[0] == BOTH and len(same) < len(waiting)
    if early or not same or same[0] != parsed:
        return False
    left.remove(parsed)
    return True


class _Maker:
    """Makes problems, no question twice."""

    def __init__(self, seed: str, settings: ToySettings) -> None:
        self.rng, self.settings = random.Random(seed), settings
        self.seen: set[str] = set()

    def block(self, split: str, count: int, demonstrated: bool = False) -> Iterator[Problem]:
        """`count` problems of each level, the levels by turns."""
        for number in range(count * self.settings.levels):
            level = 1 + number % self.settings.levels
            question, steps, answer = self._distinct(level)
            yield Problem(
                row=f"{split}-{len(self.seen)}",
                split=split,  # type: ignore[arg-type]
                question=question,
                answer=str(answer),
                prompt=f"{question}\n",
                rationale=[*steps, f"#### {answer}"],
                demonstrated=demonstrated,
                level=level,
                problem_id=f"toy-{split}-{len(self.seen):05d}",
            )

    def _distinct(self, level: int) -> tuple[str, list[str], int]:
        while True:
            question, steps, answer = _problem(self.rng, level, self.settings.modulus)
            if question not in self.seen:
                self.seen.add(question)
                return question, steps, answer


def _problem(rng: random.Random, level: int, modulus: bool) -> tuple[str, list[str], int]:
    first, second, both = rng.choice(SHAPES[level])
    thing = rng.choice(THINGS)
    names = rng.sample(NAMES, 2)
    people = [
        _person(rng, name, thing, count) for name, count in zip(names, (first, second), strict=True)
    ]
    people = people if second else people[:1]
    sentences = _interleave(rng, [person.sentences for person in people])
    steps = _interleave(rng, [person.steps for person in people])
    last = people[0]
    if both:
        a, b = people[0].value, people[1].value
        last = Quantity(BOTH, a + b, [rng.choice(TOGETHER)], [f"{BOTH}: {a}+{b}={a + b}\n"])
        for _ in range(both - 1):
            _operate(rng, last, "They")
        sentences += last.sentences
        steps += last.steps
    asked = f"How many {thing} are there now?"
    if modulus:
        pack = rng.randint(3, 5)
        sentences.append(f"The {thing} go into packs of {pack}.")
        steps.append(f"{last.name}: {last.value}%{pack}={last.value % pack}\n")
        last.value %= pack
        asked = f"How many {thing} are left over?"
    return " ".join([*sentences, asked]), steps, last.value


def _person(rng: random.Random, name: str, thing: str, count: int) -> Quantity:
    start = rng.randint(2, MAX_OPERAND)
    person = Quantity(name, start, [f"{name} has {start} {thing}."], [])
    for _ in range(count):
        _operate(rng, person, name)
    return person


def _operate(rng: random.Random, quantity: Quantity, who: str) -> None:
    """One more sentence and its equation; values stay between 1 and MAX_VALUE."""
    value = quantity.value
    choices = {
        "+": [n for n in range(2, MAX_OPERAND + 1) if value + n <= MAX_VALUE],
        "-": [n for n in range(2, MAX_OPERAND + 1) if value - n >= 1],
        "*": [n for n in range(2, 6) if value * n <= MAX_VALUE],
        "/": [n for n in range(2, 6) if value % n == 0 and value // n >= 1],
    }
    sign = rng.choice([sign for sign, numbers in choices.items() if numbers])
    n = rng.choice(choices[sign])
    result = {"+": value + n, "-": value - n, "*": value * n, "/": value // n}[sign]
    sentence = rng.choice(SENTENCES[sign]).format(who=who, n=n)
    quantity.sentences.append(_agree(sentence) if who == "They" else sentence)
    quantity.steps.append(f"{quantity.name}: {value}{sign}{n}={result}\n")
    quantity.value = result


def _agree(sentence: str) -> str:
    """«They buys» → «They buy»."""
    words = sentence.replace("Then They has", "Then they have").split(" ")
    if words[0] == "They" and words[1].endswith("s"):
        words[1] = words[1][:-1]
    return " ".join(words)


def _interleave(rng: random.Random, lists: list[list[str]]) -> list[str]:
    """One list with each list's order kept, mixed at random."""
    rest = [list(items) for items in lists if items]
    mixed = []
    while rest:
        chosen = rng.choice(rest)
        mixed.append(chosen.pop(0))
        rest = [items for items in rest if items]
    return mixed


TASK = Toy()
