"""Tokens: boundaries by character offsets in the whole text."""

from pathlib import Path

import pytest

from stages.models.folders import load_tokenizer, save_tokenizer
from stages.models.tokens import encode, encode_prompt

PROMPT = "Ann has 7 pens. Ann buys 5 more. How many pens are there now?\n"
STEPS = ["Ann: 7+5=12\n", "#### 12"]


@pytest.fixture(scope="module")
def tokenizer(checkpoint: Path):  # type: ignore[no-untyped-def]
    return load_tokenizer(checkpoint)


def test_one_bos_one_eos_and_the_prompt_is_a_prefix(tokenizer) -> None:  # type: ignore[no-untyped-def]
    row = encode(tokenizer, PROMPT, STEPS, 256)
    assert row.ids[: row.n_prompt] == encode_prompt(tokenizer, PROMPT)
    assert row.ids.count(tokenizer.bos_token_id) == 1
    assert row.ids.count(tokenizer.eos_token_id) == 1 and row.ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(row.ids, skip_special_tokens=True) == PROMPT + "".join(STEPS)


def test_a_prompt_with_bos_gets_no_second_one(tokenizer) -> None:  # type: ignore[no-untyped-def]
    ids = encode_prompt(tokenizer, "<s>" + PROMPT)
    assert ids.count(tokenizer.bos_token_id) == 1


@pytest.mark.parametrize(
    "steps", [STEPS, ["a\n", "b\n", "c"], ["Ann", ": 7", "+5=12"], ["é\n", "∑ ok"]]
)
def test_step_ends_are_where_the_text_so_far_ends(tokenizer, steps: list[str]) -> None:  # type: ignore[no-untyped-def]
    row = encode(tokenizer, PROMPT, steps, 256)
    text = PROMPT
    for step, end in zip(steps, row.step_ends, strict=True):
        text += step
        decoded = tokenizer.decode(row.ids[: end + 1], skip_special_tokens=True)
        assert decoded.startswith(text[:-1]) or decoded == text


def test_a_token_that_crosses_a_boundary_belongs_to_where_it_starts(tokenizer) -> None:  # type: ignore[no-untyped-def]
    whole = encode(tokenizer, PROMPT, ["".join(STEPS)], 256)
    cut = encode(tokenizer, PROMPT, STEPS, 256)
    assert whole.ids == cut.ids


def test_a_saved_tokenizer_does_not_say_how_it_was_loaded(tokenizer, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    save_tokenizer(tokenizer, tmp_path)
    assert "local" not in (tmp_path / "tokenizer_config.json").read_text()
    save_tokenizer(load_tokenizer(tmp_path), tmp_path / "again")
    files = [folder / "tokenizer_config.json" for folder in (tmp_path, tmp_path / "again")]
    assert files[0].read_bytes() == files[1].read_bytes()
