"""The toy: graded word problems whose every step can be checked.

Level n takes n equations. Two people's equations may come in either order, so a problem has
several right paths. A step names the quantity it works out ("Ann: 7+5=12"), so it is sound
exactly if it is the next equation of that quantity; the answer line is sound if nothing is left
to work out. With `modulus` one more equation asks for a remainder, so answers are small and
often right by luck.
"""

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stages.tasks.task import Problem, Task, TaskSettings
from stages.tasks.toy_maker import BOTH, Kind, Maker

STEP = re.compile(r"(\w+): (\d+)([+\-*/%])(\d+)=(\d+)\s*")
ANSWER = re.compile(r"#### (\d+)\s*")


class ToySuite(BaseModel):
    """An out-of-domain evaluation suite; null settings are as in training."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    n_test: int = Field(ge=1)
    levels: int | None = Field(default=None, ge=1, le=5)
    modulus: bool | None = None
    max_operand: int | None = Field(default=None, ge=5)
    max_value: int | None = Field(default=None, ge=5)


class ToySettings(TaskSettings):
    """Section `task` of the toy; counts are problems of each level, suites are by name."""

    section: ClassVar[str] = "task"
    modulus: bool
    levels: int = Field(ge=1, le=5)
    n_demonstrated: int = Field(ge=1)
    n_train: int = Field(ge=1)
    n_test: int = Field(ge=1)
    suites: dict[str, ToySuite]

    @model_validator(mode="after")
    def _suites_can_be_made(self) -> Self:
        for name, suite in self.suites.items():
            kind = self.kind(suite)
            if name == self.name:
                raise ValueError(f"suite {name} has the task's own name: choose another")
            if kind.max_value < kind.max_operand:
                raise ValueError(
                    f"suite {name}: max_value {kind.max_value} is below max_operand "
                    f"{kind.max_operand}: raise it"
                )
        return self

    def kind(self, suite: ToySuite | None = None) -> Kind:
        """The kind of the training problems, or of a suite's."""
        own = Kind(self.levels, self.modulus)
        values: dict[str, Any] = suite.model_dump(exclude={"n_test"}) if suite else {}
        return own._replace(**{name: value for name, value in values.items() if value is not None})


class Toy(Task):
    """The generator and its oracle."""

    settings = ToySettings

    def problems(self, settings: ToySettings, seed: int) -> Iterator[Problem]:
        """Distinct problems: demonstrated, with answers only, the test suite, the other suites."""
        maker = Maker("toy", f"toy-{seed}", settings.kind())
        yield from maker.make_problems("train", settings.n_demonstrated, demonstrated=True)
        yield from maker.make_problems("train", settings.n_train)
        yield from maker.make_problems("test", settings.n_test)
        for name, suite in settings.suites.items():
            other = Maker(name, f"{name}-{seed}", settings.kind(suite), maker.seen)
            yield from other.make_problems("test", suite.n_test, domain="out")

    def more_problems(self, settings: ToySettings, count: int, seed: int) -> Iterator[Problem]:
        """Problems from a generator of their own, for a simulator to learn from."""
        return Maker("toy", f"toy-more-{seed}", settings.kind()).make_problems("train", count)

    def truth(self, rationale: list[str], steps: list[str]) -> list[bool]:
        """A step is sound if it is the next equation of its quantity (either operand first)."""
        left = [parse_step(step) for step in rationale[:-1]]
        return [_take_if_sound(step, left, rationale[-1]) for step in steps]


def parse_step(step: str) -> tuple[str, str, str, str, str] | None:
    """(quantity, operand, sign, operand, result), operands of + and * sorted; None if no match."""
    match = STEP.fullmatch(step)
    if not match:
        return None
    name, a, sign, b, result = match.groups()
    if sign in "+*":
        a, b = sorted([a, b])
    return name, a, sign, b, result


def _take_if_sound(
    step: str, left: list[tuple[str, str, str, str, str] | None], answer: str
) -> bool:
    """Whether the step is sound; if so, it is removed from `left`, what is left to work out."""
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


TASK = Toy()
