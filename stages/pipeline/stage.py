"""What a stage is: typed frames and typed parameters in, typed frames out.

`@stage` declares what a function reads, writes, loads and makes. It supplies the command
line, I/O, validation, the cost record and the error text, so that the function reads like
the section of the paper that it carries out.
"""

import argparse
import inspect
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from schemas import store
from schemas.errors import RatchetError
from schemas.table import Table
from stages.pipeline import params
from stages.pipeline.cost_record import record_cost
from stages.pipeline.disk_faults import explain_disk_error
from stages.pipeline.params import Section
from stages.pipeline.stage_run import StageRun

MODELS = {
    "base": "models/base",
    "sft": "models/iteration=0",
    "previous": "models/iteration={previous}",
    "now": "models/iteration={iteration}",
    "simulator": "models/simulator",
    "verifier": "models/verifier/iteration={iteration}",
    "first_verifier": "models/verifier/iteration=1",
}


@dataclass(frozen=True)
class TableAt:
    """A table at a moment of the loop; `by` narrows a shared partition to one stage's.

    It arrives as a frame, or with `files` as the list of its Parquet files.
    """

    table: type[Table]
    when: str = "once"
    stage: str | None = None
    files: bool = False

    def as_files(self) -> "TableAt":
        """The same, for a stage that reads the files itself, as SQL does: they may be large."""
        return replace(self, files=True)

    def load(self, iteration: int) -> pl.DataFrame | list[Path]:
        """What the stage's function is given."""
        values = self.partition(iteration)
        return store.files(self.table, **values) if self.files else store.read(self.table, **values)

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


def previous(table: type[Table]) -> TableAt:
    """The table as the previous iteration left it."""
    return TableAt(table, "previous")


def now(table: type[Table], stage: str | None = None) -> TableAt:
    """The table in this iteration."""
    return TableAt(table, "now", stage)


@dataclass(frozen=True)
class Stage:
    """A declared stage; call it for the bare function, `main` for the command line."""

    function: Callable[..., Any]
    reads: Mapping[str, TableAt]
    writes: Sequence[TableAt]
    models: Mapping[str, str]
    makes: str | None
    sections: Sequence[type[Section]]

    @property
    def name(self) -> str:
        """The stage's verb: its function's and its module's name."""
        return self.function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def main(self) -> None:
        """Runs the stage in the current folder; a user's mistake is one line and exit code 1."""
        parser = argparse.ArgumentParser(prog=f"python -m stages.{self.name}")
        parser.description = inspect.getdoc(self.function)
        parser.add_argument("--iteration", type=int, default=0, metavar="K")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
        try:
            self.run(parser.parse_args().iteration)
        except RatchetError as error:
            raise SystemExit(f"{self.name}: {error}") from None
        except KeyboardInterrupt:
            raise SystemExit(f"{self.name}: interrupted; `dvc repro` goes on from here") from None
        except Exception as error:
            if reason := explain_disk_error(error):
                raise SystemExit(f"{self.name}: {reason}") from None
            raise

    def run(self, iteration: int) -> None:
        """Reads, computes, validates and writes."""
        started = time.perf_counter()
        values = params.load()
        stage_run = StageRun(iteration, int(values.get("seed", 0)), self.name)
        arguments: dict[str, Any] = {"stage_run": stage_run}
        arguments |= {s.section: params.parse(s, values) for s in self.sections}
        arguments |= {
            name: self.model_folder(where, iteration) for name, where in self.models.items()
        }
        arguments |= {name: table_at.load(iteration) for name, table_at in self.reads.items()}
        if self.makes:
            arguments["out"] = fresh_folder(Path(model_path(self.makes, iteration)))
        parameters = inspect.signature(self.function).parameters
        result = self.function(**{name: arguments[name] for name in parameters})
        self._write(result, iteration, arguments)
        if self.writes or self.makes:
            record_cost(iteration, self.name, stage_run.counts, time.perf_counter() - started)

    def model_folder(self, where: str, iteration: int) -> Path:
        """The folder of a model that is read; raises RatchetError when it is not there."""
        path = Path(model_path(where, iteration))
        if not path.is_dir():
            raise RatchetError(f"{path} is missing: run `dvc repro` to make it")
        return path

    def _write(self, result: Any, iteration: int, arguments: dict[str, Any]) -> None:
        frames: dict[str, pl.DataFrame] = result if isinstance(result, dict) else {}
        if isinstance(result, pl.DataFrame):
            frames = {self.writes[0].table.noun: result}
        known = {p.table.noun: arguments[n] for n, p in self.reads.items() if not p.files} | frames
        for table_at in self.writes:
            frame = frames[table_at.table.noun]
            store.check_references(table_at.table, frame, known)
            store.write(frame, table_at.table, **self.partition(table_at, iteration))
        if (n_rejects := len(frames.get("rejects", ()))) and not os.environ.get("RATCHET_QUIET"):
            message = f"{n_rejects} set aside, with reasons: `ratchet sql 'from rejects'`"
            print(f"{self.name}: {message}", file=sys.stderr)

    def partition(self, table_at: TableAt, iteration: int) -> dict[str, int | str]:
        """Where a written table goes: shared tables have a partition for each stage."""
        values = table_at.partition(iteration)
        if "stage" in table_at.table.partitions:
            values["stage"] = self.name
        return values


def stage(
    reads: Mapping[str, TableAt] | None = None,
    writes: Sequence[TableAt] = (),
    models: Mapping[str, str] | None = None,
    makes: str | None = None,
    sections: Sequence[type[Section]] = (),
) -> Callable[[Callable[..., Any]], Stage]:
    """Declares a stage.

    `reads` and `models` name the function's parameters (models: a key of `MODELS`); a section
    arrives under its own name; `turn` and, with `makes`, the folder `out` arrive when asked
    for. The function returns a frame, or a dict noun → frame.
    """

    def declare(function: Callable[..., Any]) -> Stage:
        return Stage(function, reads or {}, writes, models or {}, makes, sections)

    return declare


def model_path(where: str, iteration: int) -> str:
    """The folder of a model, as dvc.yaml writes it."""
    return MODELS[where].format(iteration=iteration, previous=iteration - 1)


def fresh_folder(path: Path) -> Path:
    """An empty folder in place of whatever was there."""
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    return path
