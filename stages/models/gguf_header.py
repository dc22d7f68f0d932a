"""The header of a GGUF file: named fields and a table of tensors, as ggml's docs/gguf.md has it.

The package gguf reads it too, but makes an array of each token, which takes many seconds for a
large vocabulary, and does not say of a file that it was cut short.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from math import prod
from typing import Any

STRING, ARRAY = 8, 9
SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
VERSIONS = (2, 3)
ALIGNMENT = "general.alignment"  # bytes; 32 if the file says nothing


@dataclass(frozen=True)
class Tensor:
    """One entry of the table of tensors."""

    name: str
    n_values: int
    type_id: int  # of ggml
    offset: int  # bytes from the start of the tensors


@dataclass(frozen=True)
class Header:
    """What comes before the tensors. A list is a field whose value is its length."""

    fields: dict[str, Any]
    tensors: list[Tensor]
    data_start: int  # bytes


class Cursor:
    """A place in the file. Raises EOFError where the file ends early, ValueError on nonsense."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def skip(self, n_bytes: int) -> None:
        if self.at + n_bytes > len(self.data):
            raise EOFError(f"its header goes on after its {len(self.data)} bytes")
        self.at += n_bytes

    def number(self, code: str) -> Any:
        start = self.at
        self.skip(struct.calcsize(f"<{code}"))
        return struct.unpack_from(f"<{code}", self.data, start)[0]

    def string(self) -> str:
        n_bytes = self.number("Q")
        start = self.at
        self.skip(n_bytes)
        return self.data[start : self.at].decode()

    def value(self) -> Any:
        """A field's value; of a list, only its length."""
        kind = self.number("I")
        if kind == STRING:
            return self.string()
        if kind != ARRAY:
            return self.number(_code(kind))
        inner, length = self.number("I"), self.number("Q")
        if inner == STRING:
            for _ in range(length):
                self.skip(self.number("Q"))
        else:
            self.skip(length * struct.calcsize(f"<{_code(inner)}"))
        return int(length)

    def tensor(self) -> Tensor:
        name = self.string()
        shape = [self.number("Q") for _ in range(self.number("I"))]
        return Tensor(name, prod(shape), self.number("I"), self.number("Q"))


def read_header(data: mmap.mmap) -> Header:
    """Reads the header. Raises EOFError if it is cut short, ValueError if it makes no sense."""
    cursor = Cursor(data)
    cursor.skip(4)  # GGUF
    version = cursor.number("I")
    if version not in VERSIONS:
        raise ValueError(f"its version is {version}; 2 and 3 can be read")
    n_tensors, n_fields = cursor.number("Q"), cursor.number("Q")
    fields = {}
    for _ in range(n_fields):
        name = cursor.string()
        fields[name] = cursor.value()
    tensors = [cursor.tensor() for _ in range(n_tensors)]
    alignment = int(fields.get(ALIGNMENT, 32))
    return Header(fields, tensors, -(-cursor.at // alignment) * alignment)


def _code(kind: int) -> str:
    if kind not in SCALARS:
        raise ValueError(f"a field has the unknown type {kind}")
    return SCALARS[kind]
