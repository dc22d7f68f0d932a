"""What a stage is: typed frames and typed parameters in, typed frames out.

A function's signature says what it reads, loads and makes, `@stage` what it writes. The decorator
supplies the command line, I/O, validation, the cost record and the error text, so that the
function reads like the section of the paper that it carries out.
"""

import argparse
import inspect
import shutil
import signal
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from schemas import store
from schemas.errors import RatchetError
from stages.pipeline import params
from stages.pipeline.cost_record import record_cost
from stages.pipeline.disk_faults import explain_disk_error
from stages.pipeline.inputs import Inputs, TableAt
from stages.pipeline.notes import print_note
from stages.pipeline.params import Section
from stages.pipeline.running_stage import running_stage
from stages.pipeline.stage_run import StageRun

INTERRUPTED = "interrupted; `dvc repro` resumes from here"


@dataclass(frozen=True)
class Stage:
    """A declared stage; call it for the bare function, `main` for the command line."""

    function: Callable[..., Any]
    inputs: Inputs
    writes: Sequence[TableAt]
    waits_for: Sequence[TableAt]
    opens: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The stage's verb: its function's and its module's name."""
        return self.function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def main(self) -> None:
        """Runs the stage in the current folder; a user's mistake is one line and exit code 1."""
        parser = argparse.ArgumentParser(
            prog=f"python -m stages.{self.name}",
            description=inspect.getdoc(self.function),
            epilog=self.declaration(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--iteration", type=int, default=0, metavar="K", help="of the loop")
        received = hear_signals()
        try:
            self.run(parser.parse_args().iteration)
        except RatchetError as error:
            raise SystemExit(f"{self.name}: {error}") from None
        except KeyboardInterrupt:
            raise SystemExit(f"{self.name}: {INTERRUPTED}") from None
        except Exception as error:
            if received:  # DuckDB makes another error of it
                raise SystemExit(f"{self.name}: {INTERRUPTED}") from None
            if reason := explain_disk_error(error):
                raise SystemExit(f"{self.name}: {reason}") from None
            raise

    def declaration(self) -> str:
        """What the stage reads, waits for, loads, writes and makes, and its parameters."""
        folders = {"iteration": "K", "previous": "K-1"}
        iterations = {"once": "", "previous": " of K-1", "now": ""}
        tables = self.inputs.tables.values()
        facts = {
            "reads": [f"{t.table.noun}{iterations[t.when]}" for t in tables],
            "waits for": [table_at.table.noun for table_at in self.waits_for],
            "opens": [f"the files of {name}" for name in self.opens],
            "loads": [model.folder(**folders) for model in self.inputs.models.values()],
            "writes": [table_at.table.noun for table_at in self.writes],
            "makes": [model.folder(**folders) for model in self.inputs.made.values()],
        }
        lines = [f"{title:12}{', '.join(names)}" for title, names in facts.items() if names]
        parameters = [_names_in(section) for section in self.inputs.sections.values()]
        parameters += ["seed"] if self.inputs.runs else []
        lines += [f"{'' if n else 'parameters':12}{names}" for n, names in enumerate(parameters)]
        return "\n".join(_wrap(line) for line in lines)

    def run(self, iteration: int) -> None:
        """Reads, computes, validates and writes."""
        with running_stage(self.name, iteration):
            self._run(iteration)

    def _run(self, iteration: int) -> None:
        started = time.perf_counter()
        values = params.load()
        inputs = self.inputs
        stage_run = StageRun(iteration, params.seed_of(values), self.name)
        arguments: dict[str, Any] = dict.fromkeys(inputs.runs, stage_run)
        arguments |= {name: params.parse(s, values) for name, s in inputs.sections.items()}
        arguments |= {
            n: _existing_folder(m.path(iteration, values)) for n, m in inputs.models.items()
        }
        arguments |= {name: table_at.load(iteration) for name, table_at in inputs.tables.items()}
        arguments |= {n: _fresh_folder(m.path(iteration, values)) for n, m in inputs.made.items()}
        self._write(self.function(**arguments), iteration, arguments)
        if self.writes or inputs.made:
            record_cost(iteration, self.name, stage_run.counts, time.perf_counter() - started)

    def _write(self, result: Any, iteration: int, arguments: dict[str, Any]) -> None:
        frames: dict[str, pl.DataFrame] = result if isinstance(result, dict) else {}
        if isinstance(result, pl.DataFrame):
            frames = {self.writes[0].table.noun: result}
        read = {t.table.noun: arguments[n] for n, t in self.inputs.tables.items() if not t.as_files}
        for table_at in self.writes:
            frame = frames[table_at.table.noun]
            store.check_references(table_at.table, frame, read | frames)
            store.write(frame, table_at.table, **self.partition(table_at, iteration))
        if n_rejects := len(frames.get("rejects", ())):
            message = f"{n_rejects} set aside, with reasons: `ratchet sql 'from rejects'`"
            print_note(self.name, message)

    def partition(self, table_at: TableAt, iteration: int) -> dict[str, int | str]:
        """Where a written table goes: shared tables have a partition for each stage."""
        values = table_at.partition(iteration)
        if "stage" in table_at.table.partitions:
            values["stage"] = self.name
        return values


def stage(
    writes: Sequence[TableAt] = (),
    waits_for: Sequence[TableAt] = (),
    opens: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], Stage]:
    """Declares a stage: its function's parameters say what it reads, by their types (`inputs`).

    The function returns a frame, or a dict noun → frame, for the tables that it writes.
    `waits_for` names tables that must be there, and are not read; `opens` settings, or what they
    are below, whose local files the stage reads (`Section.local_files`).
    """

    def declare(function: Callable[..., Any]) -> Stage:
        return Stage(function, Inputs.of(function), writes, waits_for, opens)

    return declare


def hear_signals() -> list[int]:
    """From now on SIGTERM interrupts as Ctrl-C does; the list gets the number of each signal."""
    received: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:  # it may be ignored
        signal.signal(signal.SIGINT, interrupt)
    return received


def _names_in(section: type[Section]) -> str:
    """A section with its settings; … where a value decides what others there are."""
    more = [] if section.choose.__func__ is Section.choose.__func__ else ["…"]  # type: ignore[attr-defined]
    return f"{section.section}: {', '.join([*section.model_fields, *more])}"


def _wrap(line: str) -> str:
    return textwrap.fill(line, 100, subsequent_indent=" " * 14)


def _existing_folder(path: Path) -> Path:
    """The folder of a model that is read; raises RatchetError when it is not there."""
    if not path.is_dir():
        raise RatchetError(f"{path} is missing: run `dvc repro` to make it")
    return path


def _fresh_folder(path: Path) -> Path:
    """An empty folder in place of whatever was there."""
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    return path
