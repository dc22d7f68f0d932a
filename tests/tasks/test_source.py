"""Rows of files as they are: text, numbers, chats."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from stages.tasks.chat_rows import last_reply, question_and_reply
from stages.tasks.source import rows
from stages.tasks.task import Fault


def test_a_csv_file_is_text_whatever_its_first_rows_look_like(tmp_path: Path) -> None:
    whole = "".join(f"{n},00{n}\n" for n in range(150))
    (tmp_path / "a.csv").write_text(f"answer,id\n{whole}1/2,\n")
    found = [row for _, row in rows(str(tmp_path / "a.csv"), "train", "FILE")]
    assert found[7] == {"answer": "7", "id": "007"}
    assert found[-1] == {"answer": "1/2", "id": None}


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    amounts = pl.Series("a", ["1.50"]).cast(pl.Decimal(10, 2))
    pl.DataFrame([amounts]).write_parquet(tmp_path / "a.parquet")
    ((_, row),) = rows(str(tmp_path / "a.parquet"), "train", "FILE")
    assert row == {"a": Decimal("1.50")}


@pytest.mark.parametrize(
    "line", [r'{"a": "\ud83d"}', r'{"a": ["\udc00 x"]}', r'{"a": {"b": "x\ud800"}}']
)
def test_a_lone_surrogate_is_set_aside(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{line}\n{{"a": "\\ud83d\\ude00"}}\n')
    lost, kept = rows(str(tmp_path / "a.jsonl"), "train", "FILE")
    assert isinstance(lost, Fault) and lost.reason == "has a lone surrogate, which is no text"
    assert kept == ("a.jsonl:2", {"a": "\N{GRINNING FACE}"})


USER, REPLY = {"role": "user", "content": "1?"}, {"role": "assistant", "content": "2"}


@pytest.mark.parametrize(
    ("chat", "reply"),
    [
        ([USER, REPLY], "2"),
        ([USER, REPLY, USER, REPLY | {"content": "3"}], "3"),
        ([{"from": "gpt", "value": "2"}], "2"),
        ([REPLY | {"content": [{"type": "text", "text": "2"}]}], "2"),
        ([USER], None),
        ([], None),
        (["2"], None),
        ("2", None),
        (None, None),
    ],
)
def test_the_last_reply_of_a_chat(chat: object, reply: str | None) -> None:
    assert last_reply(chat) == reply


def test_a_chat_of_several_questions_is_no_problem() -> None:
    assert question_and_reply({"messages": [USER, REPLY]}) == ("1?", "2")
    assert question_and_reply({"messages": [USER, REPLY, USER, REPLY]}) is None
    assert question_and_reply({}) is None
