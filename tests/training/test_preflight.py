"""Each fault that would train a model on something else than was meant stops the run."""

from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.models.folders import load_tokenizer
from stages.models.tokens import Encoded, Encoder
from stages.training.preflight import check_rows, mismatched_partners

PROMPT, STEPS = "Ann has 7 pens.\n", ["Ann: 7+5=12\n", "#### 12"]


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> Encoder:
    return Encoder.load(checkpoint)


def check(encoder: Encoder, row: Encoded, prompt: str = PROMPT, max_length: int = 64) -> int:
    return check_rows(encoder, [(prompt, "")], [row], ["lost"], max_length)


def test_a_good_row_passes_in_silence(encoder: Encoder, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(encoder, encoder.encode(PROMPT, STEPS, 64)) == 0
    assert capsys.readouterr().err == ""


def test_truncation_is_counted_and_said(
    encoder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    full = encoder.encode(PROMPT, STEPS, 64)
    short = encoder.encode(PROMPT, STEPS, full.step_ends[0] + 2)
    assert short.truncated and short.step_ends == full.step_ends[:1]
    assert check_rows(encoder, [(PROMPT, "")] * 2, [full, short], ["a", "b"], 20) == 1
    assert capsys.readouterr().err == "1 of 2 training rows are cut at max_length=20 tokens\n"


def test_a_row_with_nothing_to_learn_stops_training(encoder: Encoder) -> None:
    with pytest.raises(RatchetError) as error:
        check(encoder, encoder.encode(PROMPT, STEPS, 5))
    assert str(error.value) == (
        "1 training rows have no completion within max_length=64: raise max_length (lost)"
    )


def test_a_model_without_an_end_stops_training(checkpoint: Path) -> None:
    tokenizer = load_tokenizer(checkpoint)
    tokenizer.eos_token = None
    endless = Encoder(tokenizer)
    with pytest.raises(RatchetError, match="1 training rows have no token to end with"):
        check(endless, endless.encode(PROMPT, STEPS, 64))


def test_a_token_across_the_end_of_the_prompt_stops_training(encoder: Encoder) -> None:
    whole = encoder.tokenizer.encode("There are many", add_special_tokens=False)
    pieces = [encoder.tokenizer.decode(whole[:1])]
    prompt = pieces[0][:-1]  # the prompt ends inside the first token
    assert len(prompt) > 0
    row = encoder.encode(prompt, ["There are many"[len(prompt) :]], 64)
    with pytest.raises(RatchetError, match="1 training rows have a token across the end"):
        check(encoder, row, prompt)


def test_a_step_that_is_not_the_last_needs_no_eos(encoder: Encoder) -> None:
    assert check(encoder, encoder.encode(PROMPT, STEPS[:1], 64, ends=False)) == 0


@pytest.mark.parametrize(
    "prompts",
    [["a", "b"], ["a", "a", "b", "b"], ["a", "b", "a", "c", "b", "c", "d"], ["a", "a", "b", "c"]],
)
def test_the_kl_partner_is_another_problem_s_and_each_serves_once(prompts: list[str]) -> None:
    partner = mismatched_partners(prompts)
    assert sorted(partner) == list(range(len(prompts)))
    assert all(prompts[i] != prompts[j] for i, j in enumerate(partner))


@pytest.mark.parametrize("prompts", [["a"], ["a", "a"], ["a", "a", "a", "b"]])
def test_too_few_problems_for_a_kl_baseline_stop_training(prompts: list[str]) -> None:
    with pytest.raises(RatchetError, match="rows have one prompt"):
        mismatched_partners(prompts)
