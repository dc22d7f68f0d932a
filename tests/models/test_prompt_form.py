"""How a model is asked, and where that is kept."""

from pathlib import Path

import pytest

from stages.models.prompt_form import NEXT_QUESTION, PromptForm, WorkedExample
from stages.tasks import prompts
from tests.fakes.small_settings import scratch_settings

EXAMPLES = [
    WorkedExample(prompt=prompts.math(f"{n} + 1?"), solution=f"{n} + 1 = {n + 1}\n#### {n + 1}\n")
    for n in range(3)
]
CODE = WorkedExample(prompt=prompts.code("Add one.", "assert f(1) == 2"), solution="def f(x): …")


def few_shot(**changes: object) -> PromptForm:
    settings = scratch_settings(**{"prompt": "few_shot", "n_examples": 2} | changes)
    return settings.form([*EXAMPLES, CODE])


@pytest.mark.parametrize(
    ("prompt", "content"),
    [
        (prompts.math("How many?"), "How many?"),
        (prompts.choice("Which?", ["a", "b"]), "Which?\nOptions:\n(A) a\n(B) b"),
        (prompts.program("How many?"), "How many?\nWrite a Python program that prints the answer."),
        (prompts.code("Add one.", "assert f(1) == 2"), "Add one.\nTests:\nassert f(1) == 2"),
        (
            prompts.with_answer(prompts.math("How many?"), "7"),
            "The answer is known to be 7. Show how it is reached.\nQuestion: How many?",
        ),
        ("def f(x):\n    ", "def f(x):\n    "),
        ("Rate this.\nQuestion: 1\n", "Rate this.\nQuestion: 1\n"),
    ],
)
def test_a_chat_holds_the_question_without_label_and_cue(prompt: str, content: str) -> None:
    assert PromptForm(kind="chat").messages(prompt) == [{"role": "user", "content": content}]


def test_a_chat_has_a_system_message_and_an_instruction() -> None:
    form = PromptForm(kind="chat", system="Be brief.", instruction="End with ####.")
    system, user = form.messages(prompts.math("How many?"))
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"] == "How many?\n\nEnd with ####."


def test_examples_of_its_kind_come_first_and_never_its_own() -> None:
    form = few_shot()
    shown = [f"Question: {n} + 1?\nAnswer:\n{n} + 1 = {n + 1}\n#### {n + 1}\n\n" for n in range(3)]
    asked = prompts.math("Now?")
    assert form.text(asked) == shown[0] + shown[1] + asked
    assert form.text(EXAMPLES[0].prompt) == shown[1] + shown[2] + EXAMPLES[0].prompt
    guided = prompts.with_answer(EXAMPLES[1].prompt, "2")
    assert form.text(guided) == shown[0] + shown[2] + guided
    assert form.text(prompts.program("Now?")) == prompts.program("Now?")


def test_bare_text_is_what_it_was() -> None:
    assert PromptForm().text(prompts.math("Now?")) == prompts.math("Now?")
    form = PromptForm(system="Be brief.", instruction="Solve this.")
    assert form.text("Q\n") == "Be brief.\n\nSolve this.\n\nQ\n"


@pytest.mark.parametrize(
    ("changes", "stop"),
    [
        ({}, NEXT_QUESTION),
        ({"stop": []}, ()),
        ({"stop": ["\n\n"]}, ("\n\n",)),
        ({"prompt": "plain"}, NEXT_QUESTION),
        ({"prompt": "plain", "stop": []}, ()),
        ({"prompt": "chat"}, ()),
        ({"prompt": "chat", "stop": ["User:"]}, ("User:",)),
    ],
)
def test_stop_strings(changes: dict[str, object], stop: tuple[str, ...]) -> None:
    assert few_shot(**changes).stop == stop


def test_training_leaves_the_examples_out_and_roles_the_instruction() -> None:
    trained = few_shot(instruction="Solve this.").after_training()
    assert (trained.kind, trained.examples, trained.stop) == ("plain", (), NEXT_QUESTION)
    chat = PromptForm(kind="chat", instruction="Solve this.")
    assert chat.after_training() == chat
    critic = chat.for_role("You are strict.", ["END"])
    assert (critic.kind, critic.system, critic.instruction) == ("chat", "You are strict.", None)
    assert critic.stop == ("END",)


def test_a_folder_keeps_its_form_and_bare_text_needs_no_file(tmp_path: Path) -> None:
    form = few_shot(system="Be brief.")
    form.write(tmp_path)
    assert PromptForm.read(tmp_path) == form
    PromptForm().write(tmp_path)
    assert PromptForm.read(tmp_path) == PromptForm() and not [*tmp_path.iterdir()]
