"""Each fault that would train a model on something else than was meant stops the run."""

from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from stages.models.folders import load_tokenizer
from stages.models.tokens import Encoded, encode
from stages.training.preflight import check_rows, mismatched_partners

PROMPT, STEPS = "Ann has 7 pens.\n", ["Ann: 7+5=12\n", "#### 12"]


@pytest.fixture(scope="module")
def tokenizer(checkpoint: Path) -> Any:
    return load_tokenizer(checkpoint)


def check(tokenizer: Any, row: Encoded, prompt: str = PROMPT, max_length: int = 64) -> int:
    return check_rows(tokenizer, [prompt], [row], ["lost"], max_length)


def test_a_good_row_passes_in_silence(tokenizer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tokenizer, encode(tokenizer, PROMPT, STEPS, 64)) == 0
    assert capsys.readouterr().err == ""


def test_truncation_is_counted_and_said(tokenizer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    full = encode(tokenizer, PROMPT, STEPS, 64)
    short = encode(tokenizer, PROMPT, STEPS, full.step_ends[0] + 2)
    assert short.truncated and short.step_ends == full.step_ends[:1]
    assert check_rows(tokenizer, [PROMPT] * 2, [full, short], ["a", "b"], 20) == 1
    assert capsys.readouterr().err == "1 of 2 training rows are cut at max_length=20 tokens\n"


def spoilt(tokenizer: Any, kind: str) -> tuple[str, Encoded]:
    """(prompt, row) with one fault."""
    row = encode(tokenizer, PROMPT, STEPS, 64)
    bos, eos = tokenizer.bos_token, tokenizer.eos_token_id
    if kind == "all masked":
        return PROMPT, encode(tokenizer, PROMPT, STEPS, 5)
    if kind == "double bos":
        return bos * 2 + PROMPT, encode(tokenizer, bos * 2 + PROMPT, STEPS, 64)
    if kind == "missing eos":
        return PROMPT, Encoded(row.ids[:-1], row.n_prompt, row.step_ends)
    return PROMPT, Encoded([*row.ids[:-2], eos, *row.ids[-2:]], row.n_prompt, row.step_ends)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("all masked", "1 training rows have no completion within max_length=64"),
        ("double bos", "1 training rows begin with BOS twice"),
        ("missing eos", "1 training rows do not end with EOS"),
        ("early eos", "1 training rows have EOS inside the completion"),
    ],
)
def test_a_fault_stops_training_with_the_row_named(tokenizer: Any, kind: str, message: str) -> None:
    prompt, row = spoilt(tokenizer, kind)
    with pytest.raises(RatchetError) as error:
        check(tokenizer, row, prompt)
    assert str(error.value).startswith(message) and str(error.value).endswith("(lost)")


def test_a_token_across_the_end_of_the_prompt_stops_training(tokenizer: Any) -> None:
    whole = tokenizer.encode("There are many", add_special_tokens=False)
    pieces = [tokenizer.decode(whole[:1])]
    prompt = pieces[0][:-1]  # the prompt ends inside the first token
    assert len(prompt) > 0
    row = encode(tokenizer, prompt, ["There are many"[len(prompt) :]], 64)
    with pytest.raises(RatchetError, match="1 training rows have a token across the end"):
        check(tokenizer, row, prompt)


def test_a_step_that_is_not_the_last_needs_no_eos(tokenizer: Any) -> None:
    assert check(tokenizer, encode(tokenizer, PROMPT, STEPS[:1], 64, eos=False)) == 0


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
