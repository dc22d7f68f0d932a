"""Ids derived from content: the same thing has the same id in every run."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from schemas.errors import RatchetError

SEPARATOR = "\x1f"  # of the parts of what is digested


def digest(*values: object, size: int = 10) -> str:
    """Hexadecimal digest of the parts' text, `size` bytes."""
    joined = SEPARATOR.join(str(value) for value in values)
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def seed(*values: object) -> int:
    """A seed below 2**63 that depends on every part."""
    return int(digest(*values, size=8), 16) >> 1


def folder_digest(folder: Path) -> str:
    """Digest of a model folder's files, names and bytes. Raises RatchetError without files."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    if not files:
        raise RatchetError(f"{folder} holds no model: run `dvc repro` to make it")
    return files_digest(files)


def files_digest(files: Mapping[Path, Path]) -> str:
    """Digest of files by their names in a folder, wherever they are stored."""
    hashed = hashlib.blake2b(digest_size=16)
    for name, path in sorted(files.items()):
        hashed.update(str(name).encode() + b"\0")
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                hashed.update(block)
    return hashed.hexdigest()


def dvc_hash(folder: Path) -> str:
    """DVC's own hash of a folder, by which lock files name it: the MD5 of a list of files."""
    listed = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            md5 = hashlib.file_digest(file, "md5").hexdigest()
        listed.append({"md5": md5, "relpath": path.relative_to(folder).as_posix()})
    listed.sort(key=lambda file: file["relpath"])
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"


def file_digest(path: Path) -> str:
    """Digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
