"""Tokens: boundaries by character offsets in the whole text."""

from pathlib import Path

import pytest

from stages.models.folders import load_tokenizer, save_tokenizer
from stages.models.tokens import Encoder

PROMPT = "Ann has 7 pens. Ann buys 5 more. How many pens are there now?\n"
STEPS = ["Ann: 7+5=12\n", "#### 12"]


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> Encoder:
    return Encoder.load(checkpoint)


def test_one_bos_one_eos_and_the_prompt_is_a_prefix(encoder: Encoder) -> None:
    row = encoder.encode(PROMPT, STEPS, 256)
    assert row.ids[: row.n_prompt] == encoder.encode_prompt(PROMPT)
    assert row.ids.count(encoder.tokenizer.bos_token_id) == 1
    assert (
        row.ids.count(encoder.tokenizer.eos_token_id) == 1
        and row.ids[-1] == encoder.tokenizer.eos_token_id
    )
    assert encoder.tokenizer.decode(row.ids, skip_special_tokens=True) == PROMPT + "".join(STEPS)


def test_a_text_that_spells_a_special_token_is_text(encoder: Encoder) -> None:
    ids = encoder.encode_prompt("<s>" + PROMPT + "</s>")
    assert [token for token in ids if token in encoder.tokenizer.all_special_ids] == ids[:1]
    assert encoder.tokenizer.decode(ids[1:]) == "<s>" + PROMPT + "</s>"


@pytest.mark.parametrize(
    "steps", [STEPS, ["a\n", "b\n", "c"], ["Ann", ": 7", "+5=12"], ["é\n", "∑ ok"]]
)
def test_step_ends_are_where_the_text_so_far_ends(encoder: Encoder, steps: list[str]) -> None:
    row = encoder.encode(PROMPT, steps, 256)
    text = PROMPT
    for step, end in zip(steps, row.step_ends, strict=True):
        text += step
        decoded = encoder.tokenizer.decode(row.ids[: end + 1], skip_special_tokens=True)
        assert decoded.startswith(text[:-1]) or decoded == text


def test_a_token_that_crosses_a_boundary_belongs_to_where_it_starts(encoder: Encoder) -> None:
    whole = encoder.encode(PROMPT, ["".join(STEPS)], 256)
    cut = encoder.encode(PROMPT, STEPS, 256)
    assert whole.ids == cut.ids


def test_a_saved_tokenizer_does_not_say_how_it_was_loaded(encoder: Encoder, tmp_path: Path) -> None:
    save_tokenizer(encoder.tokenizer, tmp_path)
    assert "local" not in (tmp_path / "tokenizer_config.json").read_text()
    save_tokenizer(load_tokenizer(tmp_path), tmp_path / "again")
    files = [folder / "tokenizer_config.json" for folder in (tmp_path, tmp_path / "again")]
    assert files[0].read_bytes() == files[1].read_bytes()
