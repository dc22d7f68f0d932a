"""Explains in one line why the disk refused a file."""

import errno
import os
from collections.abc import Iterator

from schemas.store import DISK_HINT

DISK_ERRORS = [
    os.strerror(code)
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
]
TORCH_WRITER = "inline_container.cc"  # torch.save reports a full disk only by this name


def explain_disk_error(error: BaseException) -> str | None:
    """One line if the disk refused to write, whichever library says so; None for other errors."""
    for cause in _chain(error):
        for words in (*DISK_ERRORS, TORCH_WRITER):
            if words in str(cause):
                reason = "a checkpoint can't be written" if words == TORCH_WRITER else words
                file = getattr(cause, "filename", None)
                return f"{file}: {reason}: {DISK_HINT}" if file else f"{reason}: {DISK_HINT}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
