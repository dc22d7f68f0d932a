"""Which draws are being made now, so that two runs that need the same at once do not both pay.

A claim is a lock on one byte of a file beside the shards, at the place that the draw's key names.
The system releases it when the process ends, however it ends, so a killed run blocks nobody.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from schemas.store import write_error

FILE = ".claims"
DIGITS = 15  # of a key: 60 bits, which a place in a file can hold


class Claims:
    """The claims of this process on draws of one model and engine.

    They are the process's, not the object's: another of its objects claims the same draws too.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._file: IO[str] | None = None

    @contextmanager
    def hold(self, keys: Sequence[str]) -> Iterator[str | None]:
        """Claims all of the keys during the block, or none; yields one that another has, or None.

        Keys are claimed in order, so of processes that want the same, one always gets them.
        """
        taken: list[str] = []
        try:
            contested = self._take(sorted(set(keys)), taken)
            if contested:
                self._release(taken)
            yield contested
        finally:
            self._release(taken)

    def wait(self, key: str) -> None:
        """Returns when no other process has claimed the key; this one must hold no claims."""
        self._lock(key, fcntl.LOCK_EX)
        self._lock(key, fcntl.LOCK_UN)

    def _take(self, keys: list[str], taken: list[str]) -> str | None:
        for key in keys:
            try:
                self._lock(key, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):  # either says that another has it
                return key
            taken.append(key)
        return None

    def _release(self, taken: list[str]) -> None:
        while taken:
            self._lock(taken.pop(), fcntl.LOCK_UN)

    def _lock(self, key: str, how: int) -> None:
        if self._file is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("a")
            except OSError as error:
                raise write_error(self.path, error) from error
        fcntl.lockf(self._file, how, 1, int(key[-DIGITS:], 16))
