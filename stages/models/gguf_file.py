"""GGUF files: what one says of itself, checked before anything is loaded.

The format is llama.cpp's. Tensors are mostly quantised; the fields `tokenizer.ggml.*` say how the
model was trained to read text.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import RatchetError
from stages.models.gguf_header import Header, read_header

MAGIC = b"GGUF"
INSTALL = "pip install gguf==0.19.0"
NEEDED = ("general.architecture", "tokenizer.ggml.model", "tokenizer.ggml.tokens")


@dataclass(frozen=True)
class GgufFile:
    """A whole GGUF file: its fields (of a list, the length), and how many values a tensor has."""

    path: Path
    fields: dict[str, Any]
    n_values: dict[str, int]
    tensor_types: frozenset[str]  # such as Q4_1, F32

    def token(self, name: str) -> int | None:
        """The id in the field tokenizer.ggml.NAME_token_id, such as eos; None without one."""
        found = self.fields.get(f"tokenizer.ggml.{name}_token_id")
        return None if found is None else int(found)

    def flag(self, name: str) -> bool | None:
        """The value of tokenizer.ggml.NAME, such as add_bos_token; None if the file is silent."""
        found = self.fields.get(f"tokenizer.ggml.{name}")
        return None if found is None else bool(found)


def read_gguf(path: Path, parameter: str) -> GgufFile:
    """Reads the header. Raises RatchetError if this is no whole GGUF file with a tokenizer."""
    if not path.is_file():
        raise RatchetError(f"{parameter}: there is no file {path}: set it to a GGUF file")
    try:
        import gguf  # noqa: F401 - transformers needs it to read the weights
    except ImportError as error:
        raise RatchetError(
            f"{parameter}: reading {path.name} takes the package gguf: run `{INSTALL}`"
        ) from error
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise RatchetError(
                f"{parameter}: {path} is not a GGUF file, whatever its name says (it does not "
                "start with GGUF): download it again, or set another"
            )
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                header = read_header(data)
                types = _tensor_types(header, len(data))
            except (EOFError, ValueError) as error:
                raise RatchetError(
                    f"{parameter}: {path} can't be read: {error}: download it again, or set another"
                ) from error
    _must_be_whole(header, path, parameter)
    n_values = {tensor.name: tensor.n_values for tensor in header.tensors}
    return GgufFile(path, header.fields, n_values, types)


def _tensor_types(header: Header, n_bytes: int) -> frozenset[str]:
    """Names of the types. Raises EOFError if a tensor is cut off, ValueError if one is unknown."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    names = set()
    for tensor in header.tensors:
        try:
            kind = GGMLQuantizationType(tensor.type_id)
        except ValueError as error:
            raise ValueError(
                f"{tensor.name} is of type {tensor.type_id}, which gguf doesn't know"
            ) from error
        block_values, block_bytes = GGML_QUANT_SIZES[kind]
        needed = header.data_start + tensor.offset + tensor.n_values // block_values * block_bytes
        if needed > n_bytes:
            raise EOFError(f"it is cut short ({n_bytes} bytes; {tensor.name} ends at {needed})")
        names.add(kind.name)
    return frozenset(names)


def _must_be_whole(header: Header, path: Path, parameter: str) -> None:
    parts = header.fields.get("split.count", 1)
    if parts > 1:
        raise RatchetError(
            f"{parameter}: {path} is one of {parts} parts: join them with "
            "`llama-gguf-split --merge FIRST_PART WHOLE.gguf`, and name the whole"
        )
    for name in NEEDED:
        if name not in header.fields:
            raise RatchetError(
                f"{parameter}: {path} lacks the field {name}, so it is not a whole language "
                "model: set another file"
            )
