"""What a machine does to a run, each in one line: a disk that is full, a model file cut short."""

import errno
import os
from collections.abc import Iterator

from schemas.store import MEND

REFUSALS = [
    os.strerror(code)
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
]
TORCH_WRITER = "inline_container.cc"  # all that torch.save says of a full disk is where it noticed


def refusal(error: BaseException) -> str | None:
    """One line where the disk took no more, whichever library says so; None for other faults."""
    for fault in _chain(error):
        for words in (*REFUSALS, TORCH_WRITER):
            if words in str(fault):
                what = "a checkpoint can't be written" if words == TORCH_WRITER else words
                file = getattr(fault, "filename", None)
                return f"{file}: {what}: {MEND}" if file else f"{what}: {MEND}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
