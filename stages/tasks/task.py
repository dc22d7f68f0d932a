"""A task: where problems come from, how they are asked, how a solution splits into steps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar, Literal

from schemas.errors import RatchetError
from stages.pipeline.params import Section, unknown_name_message
from stages.solutions.steps import split_lines

TASKS = ("toy", "toy_code", "datasets")  # each is a module of this room, which has a `TASK`


class TaskSettings(Section):
    """Section `task`: every task has a name; the rest is its own."""

    section: ClassVar[str] = "task"
    name: str

    @classmethod
    def choose(cls, values: dict[str, Any]) -> type["TaskSettings"]:
        return load_task(str(values.get("name"))).settings

    @property
    def asks_for_programs(self) -> bool:
        """Whether some answers are programs, as far as settings tell without reading a row."""
        return False

    def split(self, text: str, kind: str, before: str = "") -> list[str]:
        """Steps whose concatenation is exactly the text: lines, with blank ones after them.

        `kind` is the problem's; `before` is the text that this one continues.
        """
        return split_lines(text)


@dataclass(frozen=True)
class Problem:
    """A problem as its task makes it; `location` says where it comes from, for rejects.

    `source` is its training set or evaluation suite; None: it gets the task's name. `domain`, of a
    suite, is in or out of what is trained on; None: in. The forms of one problem share `form_of`.
    """

    location: str
    split: Literal["train", "test"]
    question: str
    answer: str
    prompt: str
    rationale: list[str] = field(default_factory=list)
    demonstrated: bool = False
    level: int | None = None
    subject: str | None = None
    problem_id: str | None = None
    kind: str = "math"
    options: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    given: str = ""
    source: str | None = None
    domain: Literal["in", "out"] | None = None
    form_of: str | None = None


@dataclass(frozen=True)
class Fault:
    """A source row that can't be used, and why."""

    location: str
    reason: str
    content: str = ""


class Task:
    """One task. Subclasses define where problems come from; the rest has defaults."""

    settings: ClassVar[type[TaskSettings]]

    def problems(self, settings: Any, seed: int) -> Iterable[Problem | Fault]:
        """Every problem of the run, and a Fault for each unusable row."""
        raise NotImplementedError

    def commits(self, settings: Any) -> dict[str, tuple[str, str | None]]:
        """Setting → the id of the hub that it names, and the commit that was read if known."""
        return {}

    def more_problems(self, settings: Any, count: int, seed: int) -> Iterable[Problem]:
        """`count` further problems of each level, with rationales; none if the task can't."""
        return []

    def truth(self, rationale: list[str], steps: list[str]) -> list[bool] | None:
        """Whether each step is sound, given the gold steps; None if the task can't tell."""
        return None


def load_task(name: str) -> Task:
    """The task of that name. Raises RatchetError with the nearest name for an unknown one."""
    if name not in TASKS:
        known = [f"task.name={one}" for one in TASKS]
        raise RatchetError(f"params.yaml: {unknown_name_message(f'task.name={name}', known)}")
    task: Task = import_module(f"stages.tasks.{name}").TASK
    return task
