"""Prompts, completions and ends are the same tokens for real tokenizers, however they are reached.

Sampling asks `encode_prompt`, training and scoring ask `encode`, and both must see what the model's
own template and tokenizer would write.
"""

from itertools import product

import pytest

from stages.models.prompt_form import WorkedExample
from stages.models.tokens import Encoder
from tests.fakes.real_tokenizers import FAMILIES, real_encoder, real_tokenizer

PROMPT = "Question: Ann has 7 pens and buys 12 more. How many pens?\nAnswer:\n"
SHOWN = WorkedExample(prompt="Question: 2 + 3?\nAnswer:\n", solution="2 + 3 = 5\n#### 5")
FORMS = {"plain": {}, "chat": {"instruction": "Think."}, "few_shot": {"examples": (SHOWN,)}}
SOLUTIONS = {
    "words": ["Ann has 7 + 12 pens.\n", "That is 19.\n", "#### 19"],
    "code": ["def pens():\n", "    seven = 7\n", "        \n", "    return seven + 12\n"],
    "blanks": [" 7  +  12\n", "\n\n", "\t= 19 \n", "  "],
    "digits": ["1234567\n", "3.14159\n", "007"],
    "unicode": ["é ∑ 数学\n", "😀👩‍🏫 ok\n", "naïve — “x”"],
}
ASKED = [*product(FAMILIES, FORMS)]
WRITTEN = [*product(FAMILIES, FORMS, SOLUTIONS)]


def ask(family: str, kind: str) -> Encoder:
    """The family's encoder with this form."""
    few = {"n_examples": 1} if kind == "few_shot" else {}
    return real_encoder(family, kind, **FORMS[kind], **few)


@pytest.mark.parametrize(("family", "kind", "solution"), WRITTEN)
def test_a_draw_s_prompt_begins_the_row_that_is_trained(
    family: str, kind: str, solution: str
) -> None:
    encoder, steps = ask(family, kind), SOLUTIONS[solution]
    row = encoder.encode(PROMPT, steps, 999)
    prompt = encoder.encode_prompt(PROMPT)
    is_shut = prompt[-1] in encoder.literal.special.values()
    if is_shut or not steps[0].startswith(" "):  # else "\n" and " " may be one token
        assert row.ids[: row.n_prompt] == prompt
    for n in range(1, len(steps)):
        start = "".join(steps[:n])
        rest = encoder.encode(PROMPT, steps[n:], 999, start=start)
        assert rest.ids == row.ids
        assert rest.n_prompt == row.step_ends[n - 1] + 1
        begun = encoder.encode_prompt(PROMPT, start)
        if solution in ("words", "digits"):  # its steps end where tokens end
            assert begun == row.ids[: rest.n_prompt]


@pytest.mark.parametrize(("family", "kind", "solution"), WRITTEN)
def test_what_was_written_is_read_back(family: str, kind: str, solution: str) -> None:
    encoder, steps = ask(family, kind), SOLUTIONS[solution]
    prompt = encoder.encode_prompt(PROMPT)
    row = encoder.encode(PROMPT, steps, 999)
    if row.ids[: len(prompt)] == prompt:
        text = encoder.decode(prompt, row.ids[len(prompt) :])
        assert encoder.encode(PROMPT, [text], 999).ids == row.ids
        if not (family == "mistral-always" and kind == "chat"):  # there " a" and "a" are one text
            assert text == "".join(steps)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("answer", SOLUTIONS)
def test_a_chat_is_the_template_s(family: str, answer: str) -> None:
    encoder, tokenizer = ask(family, "chat"), real_tokenizer(family)
    chat = encoder.form.messages(PROMPT)
    asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    assert encoder.encode_prompt(PROMPT) == asked
    text = "".join(SOLUTIONS[answer])
    if FAMILIES[family].trims:
        text = text.strip()
    row = encoder.encode(PROMPT, [text], 999)
    whole = [*chat, {"role": "assistant", "content": text}]
    told = tokenizer.apply_chat_template(whole, return_dict=False)
    assert row.ids == told[: len(row.ids)]
    # what the template writes after the end of a turn is no part of the answer
    assert tokenizer.decode(told[len(row.ids) :]).strip() == ""


@pytest.mark.parametrize(("family", "kind"), ASKED)
def test_bos_comes_once_or_never(family: str, kind: str) -> None:
    encoder = ask(family, kind)
    bos = encoder.tokenizer.bos_token_id
    ids = encoder.encode(PROMPT, ["7"], 999).ids
    if bos != encoder.literal.special.get("<|im_start|>"):  # SmolLM's BOS opens each turn
        assert ids.count(bos) == FAMILIES[family].begins
        assert ids[0] == bos or not FAMILIES[family].begins
    if kind == "plain":
        assert encoder.encode_prompt(PROMPT) == encoder.tokenizer(PROMPT)["input_ids"]


@pytest.mark.parametrize(("family", "kind"), ASKED)
def test_an_answer_ends_with_a_token_that_stops_a_draw(family: str, kind: str) -> None:
    encoder = ask(family, kind)
    tokenizer = encoder.tokenizer
    end = FAMILIES[family].end_of_turn if kind == "chat" else tokenizer.eos_token
    row = encoder.encode(PROMPT, ["7"], 999)
    assert tokenizer.convert_ids_to_tokens(row.ids[-1]) == end
    assert row.ids.count(encoder.end_token) >= 1 and encoder.end_token in encoder.end_tokens
    assert tokenizer.eos_token_id in encoder.end_tokens
    assert encoder.encode(PROMPT, ["7"], 999, ends=False).ids == row.ids[:-1]
    assert encoder.pad_token_id is not None


@pytest.mark.parametrize(("family", "kind"), ASKED)
def test_special_spellings_are_text(family: str, kind: str) -> None:
    encoder = ask(family, kind)
    special = encoder.literal.special
    names = [*special][:40]
    text = "a " + " b".join(names) + "\n"
    question = PROMPT.replace("Ann", text.strip())
    plain, spelled = (
        [token for token in encoder.encode_prompt(asked) if token in special.values()]
        for asked in (PROMPT, question)
    )
    assert plain == spelled  # those of the form, none of the question
    row = encoder.encode(PROMPT, [text, text], 999_999, start=text)
    own = [token for token in row.ids if token in special.values()]
    assert own == [*plain, encoder.end_token]
    assert encoder.decode(row.ids[: row.n_prompt], row.ids[row.n_prompt :]) == text + text
    asked_ids = encoder.encode_prompt(question)
    shown = encoder.tokenizer.decode([t for t in asked_ids if t not in special.values()])
    assert all(name in shown for name in names)


def test_marks_of_turns_are_special() -> None:
    special = real_encoder("deepseek", "chat").literal.special
    assert {"<｜User｜>", "<｜Assistant｜>"} <= special.keys()
    assert not {"<think>", "</think>", "<｜tool▁sep｜>"} & special.keys()  # a model's own words
