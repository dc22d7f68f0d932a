"""A tokenizer that does not fit its model: one line each, an error where no run survives it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, AutoTokenizer

from schemas.errors import RatchetError
from stages.models.folders import load_tokenizer
from stages.models.tokenizer_checks import check_tokenizer
from stages.models.tokens import Encoder
from stages.training.adapter import load
from tests.fakes.real_tokenizers import real_tokenizer

LLAMA = "LlamaTokenizerFast"


def change(checkpoint: Path, tmp_path: Path, edit: Callable[[Any, Any], object]) -> Path:
    """A folder with the checkpoint's tokenizer and configuration, changed by `edit`."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    config = AutoConfig.from_pretrained(checkpoint)
    edit(tokenizer, config)
    tokenizer.save_pretrained(tmp_path / "model")
    config.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda t, c: setattr(t, "eos_token", None), "no EOS token"),
        (lambda t, c: setattr(c, "vocab_size", 300), "tokens, but the embedding has 300"),
        (lambda t, c: t.add_special_tokens({"pad_token": "<new>"}), "the pad token has id"),
        (lambda t, c: setattr(t, "model_max_length", "long"), "tokenizer can't split a text ("),
    ],
)
def test_no_run_survives(
    checkpoint: Path, tmp_path: Path, edit: Callable[[Any, Any], object], line: str
) -> None:
    folder = change(checkpoint, tmp_path, edit)
    with pytest.raises(RatchetError) as error:
        check_tokenizer(folder, "model.source")
    assert line in str(error.value) and "\n" not in str(error.value)


NO_ENDS: tuple[Callable[[Any, Any], object], str] = (
    lambda t, c: [setattr(t, name, None) for name in ("eos_token", "pad_token")],
    "without EOS and without a padding token",
)


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        NO_ENDS,
        (lambda t, c: setattr(t, "eos_token", None), "no EOS token, so nothing could say where"),
        (lambda t, c: setattr(c, "vocab_size", 300), "tokens, but the embedding has 300"),
        (lambda t, c: t.add_special_tokens({"pad_token": "<new>"}), "the pad token has id"),
    ],
)
def test_no_training_begins(
    checkpoint: Path, tmp_path: Path, edit: Callable[[Any, Any], object], line: str
) -> None:
    folder = change(checkpoint, tmp_path, edit)
    with pytest.raises(RatchetError) as error:
        load(folder, None)
    assert line in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("missing", ["eos_token", "pad_token"])
def test_one_of_the_two_is_enough_to_read(checkpoint: Path, tmp_path: Path, missing: str) -> None:
    folder = change(checkpoint, tmp_path, lambda t, c: setattr(t, missing, None))
    assert load_tokenizer(folder).pad_token_id is not None


def test_a_class_that_does_not_read_the_file_gives_way_to_the_file(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = real_tokenizer("deepseek")
    real.save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(checkpoint)
    config.vocab_size = len(real)
    config.save_pretrained(tmp_path)
    check_tokenizer(tmp_path, "model.source")
    file = tmp_path / "tokenizer_config.json"
    asked = {"tokenizer_class": LLAMA, "add_bos_token": True}
    file.write_text(json.dumps(json.loads(file.read_text()) | asked))
    capsys.readouterr()
    check_tokenizer(tmp_path, "model.source")
    line = capsys.readouterr().err
    assert "the copy's tokenizer_class is PreTrainedTokenizerFast" in line.splitlines()[0]
    ids = load_tokenizer(tmp_path)("Hi there, 12")["input_ids"]
    assert ids == [real.bos_token_id, *real("Hi there, 12", add_special_tokens=False)["input_ids"]]


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda t, c: t.add_tokens(["<image>"]), "no row for 1 added tokens"),
        (lambda t, c: setattr(c, "eos_token_id", [7, 8]), "says that the eos token is"),
        (lambda t, c: setattr(c, "bos_token_id", 9), "says that the bos token is"),
        (lambda t, c: setattr(c, "bos_token_id", -9), "says that the bos token is -9, but"),
        (lambda t, c: setattr(c, "bos_token_id", 10**6), "says that the bos token is 1000000, but"),
        (
            lambda t, c: setattr(t, "chat_template", "{{ raise_exception('no') }}"),
            "chat template can't be rendered (no)",
        ),
        (lambda t, c: setattr(t, "chat_template", "{% if %}"), "can't be rendered"),
    ],
)
def test_a_doubt_is_said(
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    edit: Callable[[Any, Any], object],
    line: str,
) -> None:
    check_tokenizer(change(checkpoint, tmp_path, edit), "model.source")
    said = capsys.readouterr().err
    assert line in said and said.startswith("model.source: ") and said.count("\n") == 1


@pytest.mark.parametrize("end", ["</s>", -1, True, [2, "</s>"], {"a": 1}])
def test_an_end_that_is_no_tokens_number_is_one_line(
    checkpoint: Path, tmp_path: Path, end: object
) -> None:
    folder = change(checkpoint, tmp_path, lambda t, c: None)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": end}))
    with pytest.raises(RatchetError, match="which is no token's number: restore it") as error:
        Encoder.load(folder)
    assert "\n" not in str(error.value)


def test_a_fitting_one_says_nothing(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_tokenizer(checkpoint, "model.source")
    assert capsys.readouterr().err == ""
