"""Files of rows that are damaged, or in another encoding: one line, or a reject of each row."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from stages.tasks.source import rows

LISTED = [{"question": f"Größe {n}?"} for n in range(40)]
TEXT = "\n".join(json.dumps(row, ensure_ascii=False) for row in LISTED)
PACKED = gzip.compress(TEXT.encode(), mtime=0)


def read(file: Path) -> list[Any]:
    """The rows, and the faults, of a file."""
    return [r[1] if isinstance(r, tuple) else r for r in rows(str(file), "train", "task.train")]


@pytest.mark.parametrize("length", range(0, len(PACKED), 7))
def test_a_gz_that_was_cut_is_one_line(tmp_path: Path, length: int) -> None:
    (file := tmp_path / "rows.jsonl.gz").write_bytes(PACKED[:length])
    with pytest.raises(RatchetError, match=r"^task\.train: ") as error:
        read(file)
    assert "\n" not in str(error.value)


def test_a_gz_with_another_byte_is_one_line_or_the_same(tmp_path: Path) -> None:
    for at in range(len(PACKED)):
        other = PACKED[:at] + bytes([PACKED[at] ^ 0x55]) + PACKED[at + 1 :]
        (file := tmp_path / "rows.jsonl.gz").write_bytes(other)
        try:
            found = read(file)
        except RatchetError as error:
            assert "\n" not in str(error)
        else:  # what a header says of the time or the system is no data
            assert found == LISTED


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_another_encoding_is_never_read_as_something_else(
    tmp_path: Path, encoding: str, form: str
) -> None:
    array = json.dumps(LISTED, ensure_ascii=False)
    lines = "\n".join(["question", *(row["question"] for row in LISTED)])
    text = {"jsonl": TEXT, "json": array, "csv": lines}[form]
    (file := tmp_path / f"rows.{form}").write_text(text, encoding=encoding)
    try:
        found = read(file)
    except RatchetError as error:
        assert "\n" not in str(error)
    else:
        assert found == LISTED or not any(isinstance(row, dict) for row in found)


def test_a_mark_of_utf8_is_no_content(tmp_path: Path) -> None:
    (file := tmp_path / "rows.jsonl").write_text(TEXT, encoding="utf-8-sig")
    assert read(file) == LISTED
