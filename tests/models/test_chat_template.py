"""A model asked through its chat template sees the tokens that it was trained on."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from stages.models.chat_template import Frame, asking_template, frame_of
from stages.models.own_template import ASKED, own_template
from stages.models.prompt_form import PromptForm, WorkedExample
from stages.models.tokens import Encoder
from stages.tasks import prompts

CHAT = (
    "{{ bos_token }}{%- for m in messages -%}<{{ m.role }}> {{ m.content }}{{ eos_token }}"
    "{%- endfor -%}{%- if add_generation_prompt -%}<assistant> {% endif -%}"
    "{%- if enable_thinking is defined and not enable_thinking -%}(no){%- endif -%}"
)
QUESTION = 'Ann says "7 é 😀 pens"\nand buys 5.'
FORMS = [
    PromptForm(),
    PromptForm(stop=("\n\nQuestion:",)),
    PromptForm(system="Be 'brief'."),
    PromptForm(instruction="In steps.\nTwo."),
    PromptForm(kind="chat"),
    PromptForm(kind="chat", system="Be brief."),
    PromptForm(kind="chat", instruction="In steps."),
    PromptForm(kind="chat", system="A", instruction="B", template={"enable_thinking": False}),
    PromptForm(
        kind="few_shot",
        n_examples=1,
        examples=(WorkedExample(prompt=prompts.math("1+1?"), solution="#### 2"),),
    ),
]
MAKERS = [prompts.math, prompts.program, prompts.stdin, lambda q: prompts.code(q, "")]
BARE = [lambda q: f"{q}\n", lambda q: q]  # the toy's prompts, and some of users


@pytest.fixture(scope="module")
def folder(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint with a chat template of its own."""
    out = tmp_path_factory.mktemp("model") / "chat"
    shutil.copytree(checkpoint, out)
    (out / "chat_template.jinja").write_text(CHAT)
    return out


def asked(encoder: Encoder, template: str | None, message: str) -> list[int]:
    """The tokens that transformers makes of a question, for a model to continue."""
    chat = [{"role": "user", "content": message}]
    ids: Any = encoder.tokenizer.apply_chat_template(
        chat, chat_template=template, add_generation_prompt=True, return_dict=False
    )
    return list(ids)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_question_has_the_tokens_of_training(folder: Path, form: PromptForm) -> None:
    encoder = Encoder.load(folder, form)
    prompt = prompts.math(QUESTION)
    template = asking_template(encoder, frame_of([prompt]))
    assert asked(encoder, template, QUESTION) == encoder.encode_prompt(prompt)


@pytest.mark.parametrize("make", [*MAKERS, *BARE])
def test_a_bare_question_gets_the_frame_of_its_task(folder: Path, make: Any) -> None:
    encoder = Encoder.load(folder, PromptForm())
    template = asking_template(encoder, frame_of([make("a"), make("b")]))
    assert asked(encoder, template, QUESTION) == encoder.encode_prompt(make(QUESTION))


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("cut", [0, 1])
def test_a_whole_prompt_is_left_and_gets_its_last_line_end(
    folder: Path, make: Any, cut: int
) -> None:
    encoder = Encoder.load(folder, PromptForm())
    template = asking_template(encoder, frame_of([prompts.math("a")]))
    given = make(QUESTION)[: -cut or None]
    assert asked(encoder, template, given) == encoder.encode_prompt(make(QUESTION))


def test_an_answer_ends_as_in_training(folder: Path) -> None:
    encoder = Encoder.load(folder, PromptForm())
    template = asking_template(encoder, frame_of([]))
    chat = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "#### 1"}]
    ids = encoder.tokenizer.apply_chat_template(chat, chat_template=template, return_dict=False)
    assert list(ids) == encoder.encode(prompts.math("1?"), ["#### 1"], 512).ids


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("own", [CHAT, None])
def test_the_own_template_is_kept_inside(folder: Path, form: PromptForm, own: str | None) -> None:
    if own is None and form.kind == "chat":
        pytest.skip("a chat has a template")
    encoder = Encoder.load(folder, form)
    encoder.tokenizer.chat_template = own
    once = asking_template(encoder, Frame("", ""))
    assert own_template(once) == own
    encoder.tokenizer.chat_template = once
    assert asking_template(encoder, Frame("", "")) == once


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_this_project_goes_by_the_own_template(folder: Path, form: PromptForm) -> None:
    before, after = Encoder.load(folder, form), Encoder.load(folder, form)
    after.tokenizer.chat_template = asking_template(before, Frame("Question: ", "\nAnswer:\n"))
    again = Encoder(after.tokenizer, form)
    prompt = prompts.math(QUESTION)
    assert again.encode_prompt(prompt) == before.encode_prompt(prompt)
    assert again.end_token == before.end_token


@pytest.mark.parametrize(
    ("asked_so", "frame"),
    [
        ([], Frame("Question: ", "\nAnswer:\n")),
        ([prompts.math("One.\nTwo?")], Frame("Question: ", "\nAnswer:\n")),
        ([prompts.math("a"), prompts.math("b"), prompts.program("c")],
         Frame("Question: ", "\nAnswer:\n")),
        ([prompts.choice("a", ["1", "2"]), prompts.choice("b", ["3", "4"])],
         Frame("Question: ", "\nAnswer:\n")),
        (["Is a so?\n", "Is b so?\n"], Frame("", "\n")),
        (["Q: a\nA:", "Q: b\nA:"], Frame("", "\nA:")),
        (["a?", "b?"], Frame("", "")),
    ],
)  # fmt: skip
def test_a_frame_is_what_prompts_share(asked_so: list[str], frame: Frame) -> None:
    assert frame_of(asked_so) == frame


def test_several_templates_by_name() -> None:
    assert own_template({"default": "a", "tool_use": "b"}) == "a"
    assert own_template({"rag": "b"}) is own_template(None) is None
    assert own_template("a") == "a"
    assert own_template(f"{ASKED}\nours") is None
