"""What a stage's function asks for, by the types of its parameters.

    def dedup(problems: Once[Problems], samples: Now[Samples], policy: Model.previous, …)

A parameter of a `Section` type is that section of params.yaml, one of type `StageRun` the run.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_origin

import polars as pl
from typing_extensions import TypeAliasType

from schemas import store
from schemas.table import Table
from stages.pipeline.params import Section, fill_in
from stages.pipeline.stage_run import StageRun

INPUTS = "inputs"  # links to local files, in a folder for each stage that opens some

T = TypeVar("T", bound=Table)

# Tables as frames: made once a run, as the previous iteration left them, or of this iteration.
Once = TypeAliasType("Once", pl.DataFrame, type_params=(T,))
Previous = TypeAliasType("Previous", pl.DataFrame, type_params=(T,))
Now = TypeAliasType("Now", pl.DataFrame, type_params=(T,))

# The same as lists of Parquet files, for a stage that reads them with SQL: they may be large.
OnceFiles = TypeAliasType("OnceFiles", list[Path], type_params=(T,))
PreviousFiles = TypeAliasType("PreviousFiles", list[Path], type_params=(T,))
NowFiles = TypeAliasType("NowFiles", list[Path], type_params=(T,))


@dataclass(frozen=True)
class From:
    """Only the rows that this stage wrote: `Annotated[Now[Samples], From("sample")]`."""

    stage: str


@dataclass(frozen=True)
class Loaded:
    """A checkpoint folder that is there before the stage runs.

    A parameter in its pattern, such as `${{select.folder}}`, is filled in as DVC does.
    """

    pattern: str
    cached: bool = True  # whether DVC's cache keeps what a stage makes there

    def folder(self, iteration: int | str, previous: int | str) -> str:
        """The folder in an iteration, given that iteration and the one before it."""
        return self.pattern.format(iteration=iteration, previous=previous)

    def path(self, iteration: int, values: dict[str, Any]) -> Path:
        """The folder in an iteration of the run with these parameters."""
        return Path(fill_in(self.folder(iteration, iteration - 1), values))


class Fresh(Loaded):
    """A checkpoint folder that the stage makes; it is empty when the stage begins."""


class Model:
    """Checkpoint folders to load."""

    base: TypeAlias = Annotated[Path, Loaded("models/base")]
    sft: TypeAlias = Annotated[Path, Loaded("models/iteration=0")]
    previous: TypeAlias = Annotated[Path, Loaded("models/iteration={previous}")]
    now: TypeAlias = Annotated[Path, Loaded("models/iteration={iteration}")]
    trained: TypeAlias = Annotated[Path, Loaded("models/trained/iteration={iteration}")]
    simulator: TypeAlias = Annotated[Path, Loaded("models/simulator")]
    verifier: TypeAlias = Annotated[Path, Loaded("models/verifier/iteration={iteration}")]
    verifier_start: TypeAlias = Annotated[Path, Loaded("models/verifier/start")]
    first_verifier: TypeAlias = Annotated[Path, Loaded("models/verifier/iteration=1")]


class Made:
    """Checkpoint folders to make, and the folder of links to local files."""

    base: TypeAlias = Annotated[Path, Fresh("models/base")]
    sft: TypeAlias = Annotated[Path, Fresh("models/iteration=0")]
    now: TypeAlias = Annotated[Path, Fresh("models/iteration={iteration}")]
    trained: TypeAlias = Annotated[Path, Fresh("${{select.folder}}/iteration={iteration}")]
    simulator: TypeAlias = Annotated[Path, Fresh("models/simulator")]
    verifier: TypeAlias = Annotated[Path, Fresh("models/verifier/iteration={iteration}")]
    verifier_start: TypeAlias = Annotated[Path, Fresh("models/verifier/start")]
    inputs: TypeAlias = Annotated[Path, Fresh(INPUTS, cached=False)]


@dataclass(frozen=True)
class TableAt:
    """A table at a moment of the loop; `stage` narrows a shared partition to one stage's rows."""

    table: type[Table]
    when: str = "once"
    stage: str | None = None
    as_files: bool = False

    def load(self, iteration: int) -> pl.DataFrame | list[Path]:
        """What the stage's function is given."""
        values = self.partition(iteration)
        return (store.files if self.as_files else store.read)(self.table, **values)

    def partition(self, iteration: int) -> dict[str, int | str]:
        """Partition values in a given iteration."""
        numbers = {"once": 0, "previous": iteration - 1, "now": iteration}
        values: dict[str, int | str] = {}
        if "iteration" in self.table.partitions:
            values["iteration"] = numbers[self.when]
        if "stage" in self.table.partitions and self.stage:
            values["stage"] = self.stage
        return values


def once(table: type[Table], stage: str | None = None) -> TableAt:
    """The table is made once a run (in iteration 0 if it is partitioned)."""
    return TableAt(table, "once", stage)


def now(table: type[Table]) -> TableAt:
    """The table in this iteration."""
    return TableAt(table, "now")


TABLE_ALIASES: dict[Any, tuple[str, bool]] = {
    Once: ("once", False),
    Previous: ("previous", False),
    Now: ("now", False),
    OnceFiles: ("once", True),
    PreviousFiles: ("previous", True),
    NowFiles: ("now", True),
}


@dataclass
class Inputs:
    """The parameters of a stage's function, by kind; parameter name → what it is given."""

    tables: dict[str, TableAt] = field(default_factory=dict)
    models: dict[str, Loaded] = field(default_factory=dict)
    made: dict[str, Fresh] = field(default_factory=dict)
    sections: dict[str, type[Section]] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Inputs":
        """Reads a signature. Raises TypeError for a parameter that says nothing of the kind."""
        inputs = cls()
        for name, parameter in inspect.signature(function).parameters.items():
            kind = parameter.annotation
            notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
            plain = get_args(kind)[0] if notes else kind
            if get_origin(plain) in TABLE_ALIASES:
                when, as_files = TABLE_ALIASES[get_origin(plain)]
                stage = next((note.stage for note in notes if isinstance(note, From)), None)
                inputs.tables[name] = TableAt(get_args(plain)[0], when, stage, as_files)
            elif notes and isinstance(notes[0], Fresh):
                inputs.made[name] = notes[0]
            elif notes and isinstance(notes[0], Loaded):
                inputs.models[name] = notes[0]
            elif isinstance(kind, type) and issubclass(kind, Section):
                inputs.sections[name] = kind
            elif kind is StageRun:
                inputs.runs.append(name)
            else:
                raise TypeError(f"stage {function.__name__}: {name} is not an input: {kind}")
        return inputs
