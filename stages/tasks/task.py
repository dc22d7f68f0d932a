"""What a task is: where problems come from, how they are asked, how a solution splits."""

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


@dataclass(frozen=True)
class Problem:
    """A problem as its task makes it; `row` says where it comes from, for rejects.

    `source` is the evaluation suite or training set it is of; the task's name where it has one.
    `domain` is of a suite: in (also where it has none) or out of what is trained on. `form_of` is
    shared by the forms of one problem.
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
    """One task. Subclasses say where rows come from; the rest has defaults."""

    settings: ClassVar[type[TaskSettings]]

    def problems(self, settings: Any, seed: int) -> Iterable[Problem | Fault]:
        """Every problem of the run, or why a row is none."""
        raise NotImplementedError

    def more_problems(self, settings: Any, count: int, seed: int) -> Iterable[Problem]:
        """`count` further problems of each level, with rationales; none where a task can't."""
        return []

    def split(self, text: str) -> list[str]:
        """Steps whose concatenation is exactly the text: lines, blank ones with the one before."""
        return split_lines(text)

    def truth(self, rationale: list[str], steps: list[str]) -> list[bool] | None:
        """Is each step sound, given the gold steps? None where the task can't tell."""
        return None


def load_task(name: str) -> Task:
    """The task of that name. Raises RatchetError with the nearest name for an unknown one."""
    if name not in TASKS:
        known = [f"task.name={one}" for one in TASKS]
        raise RatchetError(f"params.yaml: {unknown_name_message(f'task.name={name}', known)}")
    task: Task = import_module(f"stages.tasks.{name}").TASK
    return task
