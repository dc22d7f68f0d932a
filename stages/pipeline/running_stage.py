"""What the running stage is at, for `ratchet status`: a small file beside DVC's own.

No result depends on it, so a folder without DVC, or one that can't be written, has none.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

FILE = Path(".dvc/tmp/ratchet-stage.json")
EVERY_S = 1.0  # so often at most is it written

_state: dict[str, Any] = {}
_written = [0.0]


@contextmanager
def running_stage(stage: str, iteration: int) -> Iterator[None]:
    """The file is there as long as the block runs."""
    _state.clear()
    _state.update(pid=os.getpid(), stage=stage, iteration=iteration, started=time.time())
    _write()
    try:
        yield
    finally:
        _state.clear()
        with suppress(OSError):
            FILE.unlink()


def tell_progress(what: str, done: int, total: int, **figures: float) -> None:
    """Says how far the stage is with what it does; figures are its latest, such as a loss."""
    if not _state:
        return
    _state.update(what=what, done=done, total=total, figures=figures)
    if done in (0, total) or time.time() - _written[0] >= EVERY_S:
        _write()


def read_running() -> dict[str, Any] | None:
    """What the stage that runs here says; None if none does."""
    try:
        state: dict[str, Any] = json.loads(FILE.read_text())
        os.kill(int(state["pid"]), 0)  # only asks whether it lives
    except PermissionError:  # another user's
        return state
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state


def _write() -> None:
    _written[0] = time.time()
    partial = FILE.with_suffix(".partial")
    with suppress(OSError):
        partial.write_text(json.dumps(_state))
        partial.replace(FILE)
