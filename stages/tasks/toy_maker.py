"""Makes the toy's word problems; no question occurs twice."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from stages.tasks.task import Problem

NAMES = ["Ann", "Ben", "Cat", "Dan", "Eva", "Fay", "Gus", "Ida"]
THINGS = ["pens", "eggs", "cards", "coins", "books", "shells", "stamps", "cups"]
BOTH = "Both"
SHAPES = {  # level → number of equations (first person, second person, both together)
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


class Kind(NamedTuple):
    """A kind of problem: levels 1 to `levels`; `modulus` asks for a remainder at the end."""

    levels: int
    modulus: bool
    max_operand: int = 12
    max_value: int = 60


@dataclass
class Quantity:
    """A running value with its sentences and its equations."""

    name: str
    value: int
    sentences: list[str]
    steps: list[str]


class Maker:
    """Makes problems of one kind under a name; `seen` has the questions already used."""

    def __init__(self, name: str, seed: str, kind: Kind, seen: set[str] | None = None) -> None:
        self.name, self.rng, self.kind = name, random.Random(seed), kind
        self.seen = set() if seen is None else seen

    def make_problems(
        self,
        split: Literal["train", "test"],
        count: int,
        demonstrated: bool = False,
        domain: Literal["in", "out"] | None = None,
    ) -> Iterator[Problem]:
        """`count` problems of each level, the levels in turn."""
        for number in range(count * self.kind.levels):
            level = 1 + number % self.kind.levels
            question, steps, answer = self._new_problem(level)
            yield Problem(
                location=f"{split}-{len(self.seen)}",
                split=split,
                question=question,
                answer=str(answer),
                prompt=f"{question}\n",
                rationale=[*steps, f"#### {answer}"],
                demonstrated=demonstrated,
                level=level,
                problem_id=f"{self.name}-{split}-{len(self.seen):05d}",
                source=self.name,
                domain=domain,
            )

    def _new_problem(self, level: int) -> tuple[str, list[str], int]:
        while True:
            question, steps, answer = _problem(self.rng, level, self.kind)
            if question not in self.seen:
                self.seen.add(question)
                return question, steps, answer


def _problem(rng: random.Random, level: int, kind: Kind) -> tuple[str, list[str], int]:
    first, second, n_joint = rng.choice(SHAPES[level])
    thing = rng.choice(THINGS)
    names = rng.sample(NAMES, 2)
    people = [
        _person(rng, name, thing, count, kind)
        for name, count in zip(names, (first, second), strict=True)
    ]
    people = people if second else people[:1]
    sentences = _interleave(rng, [person.sentences for person in people])
    steps = _interleave(rng, [person.steps for person in people])
    last = people[0]
    if n_joint:
        a, b = people[0].value, people[1].value
        last = Quantity(BOTH, a + b, [rng.choice(TOGETHER)], [f"{BOTH}: {a}+{b}={a + b}\n"])
        for _ in range(n_joint - 1):
            _operate(rng, last, "They", kind)
        sentences += last.sentences
        steps += last.steps
    request = f"How many {thing} are there now?"
    if kind.modulus:
        pack = rng.randint(3, 5)
        sentences.append(f"The {thing} go into packs of {pack}.")
        steps.append(f"{last.name}: {last.value}%{pack}={last.value % pack}\n")
        last.value %= pack
        request = f"How many {thing} are left over?"
    return " ".join([*sentences, request]), steps, last.value


def _person(rng: random.Random, name: str, thing: str, count: int, kind: Kind) -> Quantity:
    start = rng.randint(2, kind.max_operand)
    person = Quantity(name, start, [f"{name} has {start} {thing}."], [])
    for _ in range(count):
        _operate(rng, person, name, kind)
    return person


def _operate(rng: random.Random, quantity: Quantity, who: str, kind: Kind) -> None:
    """Adds a sentence and its equation; values stay between 1 and the kind's max_value."""
    value = quantity.value
    operands = range(2, kind.max_operand + 1)
    choices = {
        "+": [n for n in operands if value + n <= kind.max_value],
        "-": [n for n in operands if value - n >= 1],
        "*": [n for n in range(2, 6) if value * n <= kind.max_value],
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
    """Makes the verb agree: "They buys" becomes "They buy"."""
    words = sentence.replace("Then They has", "Then they have").split(" ")
    if words[0] == "They" and words[1].endswith("s"):
        words[1] = words[1][:-1]
    return " ".join(words)


def _interleave(rng: random.Random, lists: list[list[str]]) -> list[str]:
    """The lists mixed at random into one, each in its own order."""
    rest = [list(items) for items in lists if items]
    mixed = []
    while rest:
        chosen = rng.choice(rest)
        mixed.append(chosen.pop(0))
        rest = [items for items in rest if items]
    return mixed
