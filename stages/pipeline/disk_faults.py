"""What a machine does to a run, each in one line: a disk that is full, a model file cut short."""

import errno
import os
from collections.abc import Iterator

from schemas.store import DISK_HINT

DISK_ERRORS = [
    os.strerror(code)
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
]
TORCH_WRITER = "inline_container.cc"  # all that torch.save says of a full disk is where it noticed


def explain_disk_error(error: BaseException) -> str | None:
    """One line where the disk took no more, whichever library says so; None for other faults."""
    for fault in _chain(error):
        for words in (*DISK_ERRORS, TORCH_WRITER):
            if words in str(fault):
                what = "a checkpoint can't be written" if words == TORCH_WRITER else words
                file = getattr(fault, "filename", None)
                return f"{file}: {what}: {DISK_HINT}" if file else f"{what}: {DISK_HINT}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
