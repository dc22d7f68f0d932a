"""A GGUF file becomes a plain folder: the same weights, the same bytes each time, or one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas.errors import RatchetError
from stages.models.folders import load_policy, load_tokenizer
from stages.models.model_source import fetch
from tests.compare_folders import content
from tests.fakes.gguf_files import BYTE_LEVEL, HEADS, WIDTH, tensors, write_gguf


def half_dims_apart(rows: np.ndarray) -> np.ndarray:
    """llama.cpp's order of a head's rows (pairs side by side) as transformers' (halves)."""
    heads = rows.reshape(HEADS, WIDTH // HEADS // 2, 2, WIDTH)
    return heads.swapaxes(1, 2).reshape(rows.shape)


def test_the_folder_is_plain_and_has_the_file_s_weights(tmp_path: Path) -> None:
    fetch(str(write_gguf(tmp_path / "a.gguf")), "model.source", tmp_path / "out")
    model, tokenizer = load_policy(tmp_path / "out"), load_tokenizer(tmp_path / "out")
    stored = tensors(len(BYTE_LEVEL))
    weights: dict[str, Any] = dict(model.named_parameters())
    for name, expected in [
        ("model.embed_tokens.weight", stored["token_embd.weight"]),
        ("model.layers.0.mlp.down_proj.weight", stored["blk.0.ffn_down.weight"]),
        ("model.layers.0.self_attn.q_proj.weight", half_dims_apart(stored["blk.0.attn_q.weight"])),
    ]:
        assert torch.equal(weights[name], torch.from_numpy(expected))
    assert model.dtype == torch.float32 and not hasattr(model.config, "quantization_config")
    assert tokenizer.apply_chat_template([{"role": "user", "content": "a"}], tokenize=False)
    assert model.generation_config.eos_token_id == 2


def test_two_fetches_give_equal_bytes_whatever_the_file_s_name(tmp_path: Path) -> None:
    for folder, name in (("one", "a.gguf"), ("two", "b.GGUF")):
        (tmp_path / folder).mkdir()
        write_gguf(tmp_path / folder / name)
        (tmp_path / folder / "tokenizer_config.json").write_text('{"eos_token": "x"}')
        fetch(str(tmp_path / folder / name), "model.source", tmp_path / folder / "out")
    assert content(tmp_path / "one" / "out") == content(tmp_path / "two" / "out")


def test_bfloat16_stays_bfloat16(tmp_path: Path) -> None:
    fetch(str(write_gguf(tmp_path / "a.gguf", half=True)), "model.source", tmp_path / "out")
    assert load_policy(tmp_path / "out").dtype == torch.bfloat16


def test_an_end_of_turn_ends_a_completion_too(tmp_path: Path) -> None:
    fetch(str(write_gguf(tmp_path / "a.gguf", eot_token_id=0)), "model.source", tmp_path / "out")
    assert load_policy(tmp_path / "out").generation_config.eos_token_id == [0, 2]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"more": {"rope_freqs.weight": np.ones(2, np.float32)}}, "rope_freqs.weight"),
        ({"more": {"blk.0.extra": np.ones(2, np.float32)}}, "2 of its values have no place"),
    ],
)
def test_what_is_left_out_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], line: str
) -> None:
    fetch(str(write_gguf(tmp_path / "a.gguf", **changes)), "model.source", tmp_path / "out")
    said = capsys.readouterr().err
    assert line in said and said.startswith("model.source: a.gguf: ") and said.count("\n") == 1


def test_a_sound_file_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(str(write_gguf(tmp_path / "a.gguf")), "model.source", tmp_path / "out")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"without": "blk.0.ffn_up.weight"}, "no weights for 1 of the model's tensors"),
        ({"architecture": "plamo"}, "a GGUF file of architecture plamo"),
        ({"architecture": "nonsense"}, "a GGUF file of architecture nonsense"),
        ({"eos_token_id": None}, "no EOS token"),
        ({"padding_token_id": 9999}, "a GGUF file of architecture llama"),
    ],
)
def test_a_file_of_no_use_is_one_line(tmp_path: Path, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(RatchetError) as error:
        fetch(str(write_gguf(tmp_path / "a.gguf", **changes)), "model.source", tmp_path / "out")
    assert line in str(error.value) and "model.source" in str(error.value)
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()
