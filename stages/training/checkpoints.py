"""Checkpoints of a training run, from which a killed run resumes.

They are beside DVC's cache, in a folder named by everything that decides the run's result, so no
other run finds them. They are deleted once the run has ended.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from stages.pipeline.cache_dir import cache_dir
from stages.pipeline.digests import digest

if TYPE_CHECKING:
    from accelerate import Accelerator

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")
STATE = "trainer_state.json"  # the file of a checkpoint that is written last


@cache
def code_digest() -> str:
    """Digest of the code that trains (this room, the objectives, tokens) and of its libraries."""
    stages = Path(__file__).parents[1]
    rooms = [stages / "training", stages / "objectives"]
    files = [file for room in rooms for file in sorted(room.glob("*.py"))]
    files += [stages / "models/tokens.py", stages / "models/collate.py"]
    return digest(*map(version, LIBRARIES), *(file.read_text() for file in files), size=16)


def folder(*decides: object) -> Path:
    """The folder of the run that these values decide."""
    return cache_dir("checkpoints") / digest(code_digest(), *decides, size=16)


@contextmanager
def lock(checkpoints: Path) -> Iterator[None]:
    """Keeps other processes that train the same model waiting until this one has ended."""
    checkpoints.parent.mkdir(parents=True, exist_ok=True)
    with checkpoints.with_suffix(".lock").open("w") as file:  # it stays: others may wait on it
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        shutil.rmtree(checkpoints, ignore_errors=True)


@contextmanager
def lock_on_main_process(checkpoints: Path, accelerator: Accelerator) -> Iterator[None]:
    """`lock`, held by the main process for all that train with it.

    The main process also deletes checkpoints that were cut short.
    """
    main = accelerator.is_main_process
    with lock(checkpoints) if main else nullcontext():
        if main:
            last_complete(checkpoints)
        accelerator.wait_for_everyone()
        yield
        accelerator.wait_for_everyone()


def last_complete(checkpoints: Path) -> str | None:
    """The newest checkpoint that was written completely; those cut short are deleted."""
    for path in reversed(steps(checkpoints).values()):
        try:
            json.loads((path / STATE).read_text())
        except (OSError, ValueError):
            shutil.rmtree(path)
        else:
            return str(path)
    return None


def steps(checkpoints: Path) -> dict[int, Path]:
    """Optimiser steps → checkpoint, in order."""
    found = {int(path.name.split("-")[1]): path for path in checkpoints.glob("checkpoint-*")}
    return dict(sorted(found.items()))
