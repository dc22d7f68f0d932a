"""A training run in this process, or in those that `accelerate launch` starts (compute.launch).

The stage stays one process: it passes the run on in a folder, and reads the result that the run's
main process leaves there. So tables, costs and the error line are the stage's own.
"""

import fcntl
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TypeVar

import polars as pl

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings, LaunchSettings, quiet_datasets, set_up
from stages.pipeline.progress_bar import is_quiet
from stages.training.job import Job
from stages.training.training_settings import TrainingSettings

ROOT = Path(__file__).resolve().parents[2]
GIVEN, REPLY, ALIVE = "given", "reply", "alive"  # files of the folder

R = TypeVar("R")
Train = Callable[[Job, R], pl.DataFrame]
Reply = tuple[pl.DataFrame | None, dict[str, int], str]  # losses, counts, a user's mistake


def run_training(train: Train[R], job: Job, rows: R, compute: ComputeSettings) -> pl.DataFrame:
    """Trains; returns `losses`. Raises what `train` raises, and RatchetError if processes die.

    `train` must be a function of a module, or a partial of one: other processes import it.
    """
    if compute.launch is not None:
        return _train_in_processes(train, job, rows, compute, compute.launch)
    # otherwise the trainer would use all GPUs and give each a batch of its own
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
    return _train_here(train, job, rows, compute)


def _train_here(train: Train[R], job: Job, rows: R, compute: ComputeSettings) -> pl.DataFrame:
    set_up(compute, job.stage_run.seed)
    quiet_datasets()
    return train(job, rows)


def _train_in_processes(
    train: Train[R], job: Job, rows: R, compute: ComputeSettings, launch: LaunchSettings
) -> pl.DataFrame:
    if not Path(launch.config).is_file():
        raise RatchetError(
            f"compute.launch.config={launch.config} is not a file: set it to a file such as "
            "conf/accelerate/fsdp.yaml"
        )
    with TemporaryDirectory(prefix="ratchet") as name, _hold_alive_lock(Path(name)) as folder:
        given = (train, replace(job, settings=_importable_settings(job.settings)), rows, compute)
        (folder / GIVEN).write_bytes(pickle.dumps(given))
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        with (folder / "log").open("w+") as log:
            shown = None if not is_quiet() else log
            done = subprocess.run(
                command(launch, folder),
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
                stdout=shown,
                stderr=shown,
            )
            log.seek(0)
            printed = log.read()
        if not (folder / REPLY).exists():
            print(printed[-4000:], file=sys.stderr)
            raise RatchetError(
                f"training in {launch.processes} processes ended with exit code "
                f"{done.returncode}: see what it printed above"
            )
        losses, counts, line = pickle.loads((folder / REPLY).read_bytes())
    if line:
        raise RatchetError(line)
    job.stage_run.count(**counts)
    return pl.DataFrame(losses)


def command(launch: LaunchSettings, folder: Path) -> list[str]:
    """`accelerate launch` of this module."""
    accelerate = [sys.executable, "-m", "accelerate.commands.launch"]
    size = ["--num_processes", str(launch.processes), "--main_process_port", "0"]
    return [*accelerate, "--config_file", launch.config, *size, "-m", __name__, str(folder)]


def _importable_settings(settings: TrainingSettings) -> TrainingSettings:
    """The settings as a class that other processes can import.

    A stage's own class is in its main module, which they do not have.
    """
    kind = next(k for k in type(settings).__mro__ if k.__module__ != "__main__")
    assert issubclass(kind, TrainingSettings)
    return kind.model_validate({name: getattr(settings, name) for name in kind.model_fields})


@contextmanager
def _hold_alive_lock(folder: Path) -> Iterator[Path]:
    """Holds a lock for as long as this process lives: see `_exit_with_stage`."""
    with (folder / ALIVE).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder


def _exit_with_stage(folder: Path) -> None:
    """Ends this process once the stage that started it is dead, even by SIGKILL."""
    with (folder / ALIVE).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os._exit(1)


def main() -> None:
    """One of the processes; the main one writes the reply."""
    folder = Path(sys.argv[1])
    Thread(target=_exit_with_stage, args=(folder,), daemon=True).start()
    train, job, rows, compute = pickle.loads((folder / GIVEN).read_bytes())
    try:
        losses = _train_here(train, job, rows, compute)
        reply: Reply = losses, job.stage_run.counts, ""
    except RatchetError as error:
        reply = None, {}, str(error)
    if os.environ.get("RANK", "0") == "0":
        partial = folder / "partial"
        partial.write_bytes(pickle.dumps(reply))
        partial.rename(folder / REPLY)


if __name__ == "__main__":
    main()
