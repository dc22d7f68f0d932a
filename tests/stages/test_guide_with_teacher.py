"""The guide stage with a teacher: explanations used, refused and lost."""

from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from tests.fakes.chat_server import Reply, says, serving
from tests.fakes.scripted_guidance import PROBLEMS, TAIL, Guided, teacher_settings


def taught(url: str, **changes: object) -> dict[str, Any]:
    return {
        "strategy": "interactive",
        "max_attempts": 1,
        "teacher": teacher_settings(url=url, **changes),
    }


def test_a_teacher_explains_and_the_model_revises(guided: Guided) -> None:
    with serving(lambda prompt, n: says("Look at the second step.")) as chat:
        made = guided(lambda prompt, draw: "second step" in prompt, **taught(chat.url))
    rows = made["samples"]
    assert rows.height == len(chat.asked) == len(TAIL)
    assert set(rows["hint"]) == {"Look at the second step."}
    assert set(made["verdicts"]["outcome"]) == {"correct"}
    assert all(parent.rpartition("-")[0] in TAIL for parent in rows["parent"])
    for asked in chat.asked:
        text = asked["messages"][0]["content"]
        assert "Reference answer" in text and "#### -1" in text


USELESS = [
    ("", "the explanation is empty"),
    ("You are wrong: the answer is {answer}.", "the explanation gives the answer away"),
]


@pytest.mark.parametrize("attempts", [1, 2])
@pytest.mark.parametrize(("said", "why"), USELESS)
def test_a_useless_explanation_is_asked_for_again_then_passed_over(
    guided: Guided, said: str, why: str, attempts: int
) -> None:
    victim = PROBLEMS.filter(pl.col("problem_id") == TAIL[0])
    question, answer = victim.select("question", "answer").row(0)

    def reply(prompt: str, n: int) -> Reply:
        return says(said.format(answer=answer) if question in prompt else "Look again.")

    with serving(reply) as chat:
        made = guided(**taught(chat.url) | {"max_attempts": attempts})
    assert len(chat.asked) == attempts * (len(TAIL) + 1)
    assert made["samples"].height == attempts * (len(TAIL) - 1)
    rounds = ", ".join(str(n + 1) for n in range(attempts))
    assert made["rejects"].select("item", "reason").rows() == [
        (TAIL[0], f"no explanation in round {rounds}: {why}")
    ]


def test_a_refused_explanation_is_not_asked_for_again(guided: Guided) -> None:
    victim = PROBLEMS.filter(pl.col("problem_id") == TAIL[-1])["question"][0]

    def reply(prompt: str, n: int) -> Reply:
        return (400, {"error": "too long"}) if victim in prompt else says("Look again.")

    with serving(reply) as chat:
        made = guided(**taught(chat.url))
    assert len(chat.asked) == len(TAIL)
    assert "refuses" in made["rejects"]["reason"][0]


@pytest.mark.parametrize(
    ("broken", "message"),
    [((500, {"error": "down"}), "teacher.url: .* failed"), ((200, "<html>"), "teacher.url: .*")],
)
def test_a_teacher_that_fails_loses_nothing(guided: Guided, broken: Reply, message: str) -> None:
    half = len(TAIL) // 2

    def fails(prompt: str, n: int) -> Reply:
        return says("Look again.") if n < half else broken

    with serving(fails) as chat:
        with pytest.raises(RatchetError, match=message):
            guided(**taught(chat.url))
        chat.reply = lambda prompt, n: says("Look again.")
        before = len(chat.asked)
        made = guided(**taught(chat.url))
        assert len(chat.asked) - before == len(TAIL) - half
    assert made["samples"].height == len(TAIL)


def test_a_teacher_that_is_too_slow_says_which_limit(guided: Guided) -> None:
    import threading

    release = threading.Event()

    def waits(prompt: str, n: int) -> Reply:
        release.wait(20)
        return says("Too late.")

    with serving(waits) as chat:
        with pytest.raises(RatchetError, match=r"took longer than teacher\.timeout_s"):
            guided(**taught(chat.url, timeout_s=0.2))
        release.set()


def test_the_policy_can_teach_itself(guided: Guided) -> None:
    made = guided(
        strategy="interactive", max_attempts=1, teacher=teacher_settings(provider="policy")
    )
    assert made["samples"].height == len(TAIL)
    assert set(made["samples"]["hint"]) == {"#### -1"}
