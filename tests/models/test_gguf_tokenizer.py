"""The saved tokenizer reads text as the GGUF file asks: BOS, EOS, digits, blanks, first space."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from stages.models.model_source import fetch
from tests.fakes.gguf_files import SENTENCES, write_gguf


def pieces(tmp_path: Path, text: str, **changes: Any) -> list[str]:
    """The tokens of a text, by the tokenizer that every stage will load."""
    fetch(str(write_gguf(tmp_path / "a.gguf", **changes)), "model.source", tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    return list(tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids))


BOS, EOS = "<|start|>", "<|end|>"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"add_bos_token": True}, [BOS, "a"]),
        ({"add_bos_token": False}, ["a"]),
        ({"add_bos_token": True, "add_eos_token": True}, [BOS, "a", EOS]),
        ({}, ["a"]),  # llama.cpp's defaults follow
        ({"pre": "llama-bpe"}, [BOS, "a"]),
        ({"pre": "llama-bpe", "add_bos_token": False}, ["a"]),
        ({"pre": "tekken"}, [BOS, "a"]),
        ({"kind": "llama"}, [BOS, "▁a"]),
        ({"kind": "llama", "add_bos_token": False}, ["▁a"]),
        ({"kind": "llama", "add_space_prefix": False}, [BOS, "a"]),
    ],
)
def test_a_text_begins_and_ends_as_the_file_says(
    tmp_path: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    assert pieces(tmp_path, "a", **changes) == expected


@pytest.mark.parametrize(
    ("pre", "text", "expected"),
    [
        ("smollm", "12", ["1", "2"]),
        ("smollm", "a   1", ["a", "ĠĠĠ", "1"]),
        ("starcoder", "a 1", ["a", "Ġ", "1"]),
        ("gpt-2", "12", ["12"]),
        ("gpt-2", "a   1", ["a", "ĠĠ", "Ġ1"]),
        ("qwen2", "12", ["1", "2"]),  # transformers knows this one
        ("llama-bpe", "12", [BOS, "12"]),
    ],
)
def test_blanks_and_digits_are_split_as_in_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pre: str, text: str, expected: list[str]
) -> None:
    assert pieces(tmp_path, text, pre=pre) == expected
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"pre": "viking"}, "its pre-tokenizer viking is not known"),
        ({"pre": None}, "it names no pre-tokenizer"),
        ({"add_bos_token": True, "bos_token_id": None}, "asks for BOS"),
    ],
)
def test_what_can_t_be_followed_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], line: str
) -> None:
    pieces(tmp_path, "a", **changes)
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("text", ["a b", "  ab a", "a\n\n12", "é∑"])
def test_tokens_give_the_text_back(tmp_path: Path, kind: str, text: str) -> None:
    fetch(str(write_gguf(tmp_path / "a.gguf", kind=kind)), "model.source", tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text


def test_no_token_is_added_to_the_file_s(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces(tmp_path, "a", kind="llama")  # of its names none is <s>, </s> or <unk>
    assert len(AutoTokenizer.from_pretrained(tmp_path / "out")) == len(SENTENCES)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("add_bos", [True, False])
def test_saved_again_it_still_reads_the_same(tmp_path: Path, add_bos: bool) -> None:
    first = pieces(tmp_path, "a   12", add_bos_token=add_bos)
    again = AutoTokenizer.from_pretrained(tmp_path / "out")
    again.save_pretrained(tmp_path / "again")
    once_more = AutoTokenizer.from_pretrained(tmp_path / "again")
    assert once_more.convert_ids_to_tokens(once_more("a   12").input_ids) == first
