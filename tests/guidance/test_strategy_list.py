"""What each strategy asks next."""

import pytest

from stages.guidance.answer_leak import states_answer
from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.strategies.answer import show_answer
from stages.guidance.strategies.brute_force import brute_force
from stages.guidance.strategies.interactive import revise
from stages.guidance.strategies.rationale import show_rationale
from stages.guidance.strategies.state_reset import state_reset
from stages.guidance.teacher import teacher_prompt
from stages.solutions.steps import join_continuation
from tests.fakes.tail_problem import HARD, RIGHT, STEPS, begun, tried


def test_brute_force_asks_the_same() -> None:
    assert brute_force(HARD, tried()) == NextPrompt(HARD.prompt)


def test_the_answer_is_beside_the_question() -> None:
    asked = show_answer(HARD, tried())
    assert asked == NextPrompt(asked.prompt, hint="18") and asked.prompt.endswith(HARD.prompt)
    assert "18" in asked.prompt.removesuffix(HARD.prompt)


def test_the_rationale_is_beside_the_question() -> None:
    asked = show_rationale(HARD, tried())
    gold = "".join(STEPS)
    assert asked == NextPrompt(asked.prompt, hint=gold, revealed=1.0)
    assert gold in asked.prompt.removesuffix(HARD.prompt) and asked.prompt.endswith(HARD.prompt)


def test_the_teacher_sees_all_and_the_student_its_words() -> None:
    history = [*tried((0, False)), RIGHT]
    shown = teacher_prompt(HARD, history)
    for part in (HARD.question, "".join(STEPS), "Reference answer: 18", "text"):
        assert part in shown
    asked = revise(HARD, history, "Add first.")
    assert asked == NextPrompt(asked.prompt, hint="Add first.", parent="g0")
    assert asked.prompt.endswith(HARD.prompt) and "Add first." in asked.prompt
    assert "18" not in asked.prompt


RESETS = [
    ("the first attempt shows a step", [], True, 1),
    ("one more after a failure", [(1, False)], True, 2),
    ("as many after a success", [(1, True)], True, 1),
    ("as many after a late success", [(1, False), (2, True)], True, 2),
    ("one more after a failure that follows a success", [(1, True), (1, False)], True, 2),
    ("only the last attempt counts", [(1, False), (2, True), (2, True)], True, 2),
    ("after the last that may be shown, none", [(1, False), (2, False)], True, 0),
    ("and on from there", [(1, False), (2, False), (0, False)], True, 1),
    ("or nothing", [(1, False), (2, False)], False, None),
    ("a success with the last keeps it", [(1, False), (2, True)], False, 2),
]


@pytest.mark.parametrize(
    ("outcomes", "restart", "shown"), [r[1:] for r in RESETS], ids=[r[0] for r in RESETS]
)
def test_state_reset(outcomes: list[tuple[int, bool]], restart: bool, shown: int | None) -> None:
    asked = state_reset(restart)(HARD, tried(*outcomes))
    assert asked == (None if shown is None else begun(shown))


def test_state_reset_never_repeats_a_prefix_in_vain_nor_shows_the_answer() -> None:
    history, shown = tried(), []
    while asked := state_reset(False)(HARD, history):
        shown.append(asked.hint)
        history.append(Attempt("x", "wrong", False, asked.shown))
    assert shown == ["".join(STEPS[:n]) for n in (1, 2)]
    assert not any(states_answer(hint or "", "18") for hint in shown)


@pytest.mark.parametrize("restart", [True, False])
def test_nothing_to_show_is_the_plain_question_or_the_end(restart: bool) -> None:
    bare = TailProblem("p", "Q\n", "Q", "18", rationale=("#### 18",))
    asked = state_reset(restart)(bare, tried())
    assert asked == (NextPrompt("Q\n") if restart else None)


def test_what_begins_an_answer_ends_where_a_token_does() -> None:
    """Before " Next" the model must not be given the blank that its first token holds."""
    steps = ("One step. ", "Another. ", "#### 18")
    shown = state_reset(True)(TailProblem("p", "Q\n", "Q", "18", rationale=steps), tried())
    assert shown and (shown.prompt, shown.start) == ("Q\n", "One step. ")
    assert (
        join_continuation(shown.start, " Next")
        == join_continuation(shown.start, "Next")
        == "One step. Next"
    )


def test_a_program_is_shown_by_lines() -> None:
    lines = ("def f(x):\n", "    y = x + 1\n", "    return y\n")
    task = TailProblem("p", "Task\n", "Task", "".join(lines), "code", rationale=lines)
    shown = state_reset(True)(task, tried((1, False)))
    assert shown and shown.start == "".join(lines[:2]) and shown.prompt == "Task\n"
