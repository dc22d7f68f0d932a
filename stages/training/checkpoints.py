"""Checkpoints of a training run: what a killed run goes on from.

They lie beside DVC's cache in a folder named by all that decides the run's result, so that no
other run finds them, and are deleted once the run has ended.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stages.pipeline.cache_dir import cache_dir
from stages.pipeline.digests import digest

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")
STATE = "trainer_state.json"  # the file of a checkpoint that is written last


@cache
def code_digest() -> str:
    """Digest of what trains: this room's and the objectives' code, text as tokens, libraries."""
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
    """Keeps a second process that trains the same out until this one has ended."""
    checkpoints.parent.mkdir(parents=True, exist_ok=True)
    with checkpoints.with_suffix(".lock").open("w") as file:  # stays: others may wait on it
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        shutil.rmtree(checkpoints, ignore_errors=True)


@contextmanager
def lock_on_main_process(checkpoints: Path, accelerator: Any) -> Iterator[None]:
    """`held` by the main process for all that train with it; it deletes what was cut short."""
    main = accelerator.is_main_process
    with lock(checkpoints) if main else nullcontext():
        if main:
            last_complete(checkpoints)
        accelerator.wait_for_everyone()
        yield
        accelerator.wait_for_everyone()


def last_complete(checkpoints: Path) -> str | None:
    """The newest checkpoint that was written to its end; what was cut short is deleted."""
    found = sorted(checkpoints.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]))
    for path in reversed(found):
        try:
            json.loads((path / STATE).read_text())
        except (OSError, ValueError):
            shutil.rmtree(path)
        else:
            return str(path)
    return None
