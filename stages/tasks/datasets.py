"""Real data: named training sets and evaluation suites, each a source of rows in a format."""

import difflib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.errors import RatchetError
from stages.grading.reference import PROGRAM_KINDS
from stages.models.hub_revision import find_commit
from stages.solutions.steps import Form, split_lines, split_steps
from stages.tasks import prompts, source
from stages.tasks.formats import FORMATS, PROGRAM_FORMATS
from stages.tasks.formats.row import ParsedProblem, Row, UnusableError
from stages.tasks.task import Fault, Problem, Task, TaskSettings

OWN_IDS = ("id", "task_id", "unique_id", "ID")


class Source(BaseModel):
    """Where a set comes from; a text alone is its source. The format's default is the set's name.

    `program`: its questions ask for programs that print the answer (GSI §7.1, Program of Thought).
    `domain`, of a suite: by default in if a training set has the same name, else out.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    source: str = Field(min_length=1)
    format: str | None = None
    program: bool = False
    domain: Literal["in", "out"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_text(cls, given: Any) -> Any:
        return {"source": given} if isinstance(given, str) else given


class DatasetsSettings(TaskSettings):
    """Section `task`: name → source of each set to train on and each suite to evaluate on.

    `steps`: how texts split into steps; programs always split into their lines.
    """

    section: ClassVar[str] = "task"
    train: dict[str, Source] = Field(min_length=1)
    test: dict[str, Source]
    steps: Form = "auto"
    n_train: int | None = Field(ge=1)
    n_test: int | None = Field(ge=1)

    @model_validator(mode="after")
    def _formats_are_known(self) -> "DatasetsSettings":
        for split, sets in (("train", self.train), ("test", self.test)):
            for name, where in sets.items():
                form = where.format or name
                if form not in FORMATS:
                    near = difflib.get_close_matches(form, FORMATS, n=1, cutoff=0)[0]
                    raise RatchetError(
                        f"params.yaml: task.{split}.{name}: {form!r} is not a format; did you mean "
                        f"{near!r}? Set task.{split}.{name}={{source: …, format: …}}"
                    )
                if split == "train" and where.domain:
                    raise RatchetError(
                        f"params.yaml: task.train.{name}.domain: only suites have one: remove it"
                    )
        return self

    def domain(self, suite: str) -> Literal["in", "out"]:
        """in if problems like the suite's are trained on, else out."""
        return self.test[suite].domain or ("in" if suite in self.train else "out")

    def sets(self) -> dict[str, Source]:
        """Setting → where its set comes from, of each set and suite."""
        both = {"train": self.train, "test": self.test}
        return {f"task.{split}.{name}": s for split in both for name, s in both[split].items()}

    @property
    def asks_for_programs(self) -> bool:
        sets = self.sets().items()
        return any(s.program or (s.format or n.split(".")[-1]) in PROGRAM_FORMATS for n, s in sets)

    def local_files(self) -> dict[str, Path]:
        found = {name: source.find_file(s.source, name) for name, s in self.sets().items()}
        return {name: file for name, file in found.items() if file}

    def hub_ids(self) -> dict[str, tuple[str, str | None]]:
        given = {name: s.source for name, s in self.sets().items() if source.is_hub_id(s.source)}
        parsed = {name: source.parse_id(text) for name, text in given.items()}
        return {name: (hub_id.name, hub_id.commit) for name, hub_id in parsed.items()}

    def split(self, text: str, kind: str, before: str = "") -> list[str]:
        """Steps in the form of `steps`; of a program, its lines."""
        if kind in PROGRAM_KINDS:
            return split_lines(text)
        return split_steps(text, self.steps, before)


class Datasets(Task):
    """Every row of every set is a problem (or several), or a Fault that says why not."""

    settings = DatasetsSettings

    def problems(self, settings: DatasetsSettings, seed: int) -> Iterator[Problem | Fault]:
        """Sets in their order, rows in file order, up to n_train or n_test usable rows of each."""
        for name, where in settings.train.items():
            yield from _read(name, where, "train", settings)
        for name, where in settings.test.items():
            domain = settings.domain(name)
            for item in _read(name, where, "test", settings):
                yield item if isinstance(item, Fault) else replace(item, domain=domain)

    def commits(self, settings: DatasetsSettings) -> dict[str, tuple[str, str | None]]:
        ids = settings.hub_ids().items()
        return {name: (given, find_commit(given, known, "dataset")) for name, (given, known) in ids}


def _read(
    name: str, where: Source, split: Literal["train", "test"], settings: DatasetsSettings
) -> Iterator[Problem | Fault]:
    limit = settings.n_train if split == "train" else settings.n_test
    parameter = f"task.{split}.{name}"
    n_usable, faults = 0, []
    for number, item in enumerate(source.rows(where.source, split, parameter)):
        if limit is not None and n_usable >= limit:
            return
        problems = _problems(item, number, name, where, split, settings)
        n_usable += not isinstance(problems, Fault)
        if isinstance(problems, Fault):
            faults.append(problems)
            yield problems
        else:
            yield from problems
    if not n_usable:
        first = f"the first: {faults[0].location} {faults[0].reason}"
        raise RatchetError(f"{parameter} has no usable problem ({len(faults)} rejects; {first})")


def _problems(
    item: tuple[str, Row] | Fault,
    number: int,
    name: str,
    where: Source,
    split: Literal["train", "test"],
    settings: DatasetsSettings,
) -> list[Problem] | Fault:
    """The problems of one row. Locations name the set, since two sets can share a file."""
    if isinstance(item, Fault):
        return replace(item, location=f"{split}.{name} {item.location}")
    location, row = f"{split}.{name} {item[0]}", item[1]
    try:
        parsed = FORMATS[where.format or name](row, split)
    except UnusableError as error:
        return Fault(location, str(error), str(row)[:500])
    forms = [""] if len(parsed) == 1 else [f"-f{n}" for n in range(len(parsed))]
    stem = f"{name}-{split}-{_own_id(row, number)}"
    form_of = stem if len(parsed) > 1 else None
    problems = [
        _problem(
            as_program(one) if where.program else one,
            location + form,
            stem + form,
            name,
            split,
            settings,
        )
        for one, form in zip(parsed, forms, strict=True)
    ]
    return [replace(problem, form_of=form_of) for problem in problems]


def as_program(parsed: ParsedProblem) -> ParsedProblem:
    """The same question, asked for a program; a rationale in words is dropped."""
    if parsed.kind in PROGRAM_KINDS:
        return parsed
    return replace(parsed, kind="program", rationale="", prompt="")


def _problem(
    parsed: ParsedProblem,
    location: str,
    problem_id: str,
    name: str,
    split: Literal["train", "test"],
    settings: DatasetsSettings,
) -> Problem:
    own = parsed.rationale
    steps = settings.split(own, parsed.kind) if isinstance(own, str) else own
    fields = vars(parsed) | {"rationale": steps}
    del fields["prompt"]
    default_prompt = prompts.prompt_of_kind(
        parsed.kind, parsed.question, parsed.options, parsed.tests
    )
    return Problem(
        location=location,
        split=split,
        prompt=parsed.prompt or default_prompt,
        demonstrated=split == "train" and bool(steps),
        problem_id=problem_id,
        source=name,
        **fields,
    )


def _own_id(row: Row, number: int) -> str:
    """The row's id, or its number in the set if it has none."""
    for name in OWN_IDS:
        given = row.get(name)
        if isinstance(given, str) and given.strip():
            return given.strip()
        if isinstance(given, int):
            return f"{given:05d}"
    return f"{number:05d}"


TASK = Datasets()
