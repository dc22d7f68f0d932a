"""What a machine does to a run, each in one line: a disk that is full, a model file cut short."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

from schemas.store import MEND
from schemas.table import RatchetError

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


def check_model(folder: Path, mend: str) -> None:
    """Looks at a model's files without loading them. Raises RatchetError naming one not whole."""
    for file in sorted(folder.glob("*.json")):
        try:
            json.loads(file.read_bytes())
        except ValueError as error:
            raise RatchetError(f"{file} is damaged (no JSON): {mend}") from error
    index = folder / "model.safetensors.index.json"
    named = json.loads(index.read_bytes())["weight_map"].values() if index.exists() else []
    weights = sorted({*folder.glob("*.safetensors"), *(folder / name for name in named)})
    if not weights:
        raise RatchetError(f"{folder} has no weights (.safetensors): {mend}")
    for file in weights:
        if not file.exists():
            raise RatchetError(f"{file} is missing: {mend}")
        if file.stat().st_size != _whole_size(file):
            raise RatchetError(f"{file} is damaged (cut short, or not all written): {mend}")


def _whole_size(file: Path) -> int | None:
    """Bytes that a safetensors file must have, by its header; None where that can't be read."""
    try:
        with file.open("rb") as start:
            length = int.from_bytes(start.read(8), "little")
            header = json.loads(start.read(min(length, file.stat().st_size)))
        ends = [t["data_offsets"][1] for name, t in header.items() if name != "__metadata__"]
        return 8 + length + max(ends, default=0)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
