"""The judge: which of its replies are used, and what a run pays for."""

import json
import re

import polars as pl
import pytest

from schemas import store
from schemas.rejects import Rejects
from schemas.step_labels import StepLabels
from stages.feedback.reply_json import MalformedError
from stages.feedback.step_judge import RIGHT, WRONG, Decisions, parse, prompt
from tests.fakes.chat_server import Reply, says, serving
from tests.fakes.judged_paths import GOOD, KEY, PATHS, ask, decision

pytestmark = pytest.mark.usefixtures("judge_key")

PARSED = [
    (GOOD, [True, False, True]),
    (f"\n  {GOOD}\n", [True, False, True]),
    (f"```json\n{GOOD}\n```", [True, False, True]),
    (f"```\n{GOOD}\n```\n", [True, False, True]),
    (json.dumps({"steps": json.loads(GOOD)}), [True, False, True]),
    (json.dumps([decision(3, WRONG), decision(1), decision(2)]), [True, True, False]),
    (json.dumps([decision(n, reflection="") for n in (1, 2, 3)]), [True, True, True]),
    (json.dumps([decision(n, reflection="``` é 😀") for n in (1, 2, 3)]), [True, True, True]),
    (f"Here it is: {GOOD}", [True, False, True]),
    (json.dumps({"steps": json.loads(GOOD), "sure": True}), [True, False, True]),
    (json.dumps([decision(n, RIGHT.upper() + ".") for n in (1, 2, 3)]), [True, True, True]),
    (json.dumps([decision(n, sure=1) | {"step": f"Step {n}"} for n in (1, 2, 3)]), [True] * 3),
]


@pytest.mark.parametrize(("text", "decisions"), PARSED)
def test_replies_that_are_used(text: str, decisions: list[bool]) -> None:
    found = parse(text, 3)
    assert [d.decision == RIGHT for d in found] == decisions
    assert [d.step for d in found] == [1, 2, 3]


NUMBERS = "does not have one decision for each step"
MALFORMED = [
    ("", "is empty"),
    (" \n", "is empty"),
    ("All steps are fine.", "is not JSON"),
    (GOOD[:-5], NUMBERS),
    ("[" * 100_000, "is not JSON"),
    ("null", "is no list of decisions"),
    ("3", "is no list of decisions"),
    (json.dumps(decision(1)), NUMBERS),
    ("[]", NUMBERS),
    (json.dumps([decision(1), decision(2)]), NUMBERS),
    (json.dumps([decision(n) for n in (1, 2, 3, 4)]), NUMBERS),
    (json.dumps([decision(n) for n in (0, 1, 2)]), NUMBERS),
    (json.dumps([decision(n) for n in (1, 2, 2)]), NUMBERS),
    (json.dumps([decision(n) for n in (1, 2, 3, 3)]), NUMBERS),
    (json.dumps([decision(n, "maybe") for n in (1, 2, 3)]), "decision: Input should be"),
    (json.dumps([decision(n, "correct") for n in (1, 2, 3)]), "decision: Input should be"),
    (json.dumps([decision(n, True) for n in (1, 2, 3)]), "decision: Input should be"),
    (json.dumps([decision(n) | {"step": "one"} for n in (1, 2, 3)]), "step: Input should be"),
    (json.dumps([decision(n) | {"step": n == 1} for n in (1, 0, 0)]), "step: Input should be"),
    (json.dumps([decision(n, reflection=None) for n in (1, 2, 3)]), "reflection: Input should"),
    (GOOD.replace('"step": 3', '"step": 2, "step": 3'), NUMBERS),
    (GOOD.replace("On 3", r"\ud800"), NUMBERS),
]


@pytest.mark.parametrize(("text", "reason"), MALFORMED)
def test_replies_that_are_malformed(text: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=re.escape(reason)) as error:
        parse(text, 3)
    assert "\n" not in str(error.value)


def test_the_judge_sees_the_problem_the_reference_and_the_steps() -> None:
    asked = prompt("How many?", "7", ["3+4=7\n", "#### 7"], ["3+4=8\n", "#### 8"])
    for part in (
        "How many?",
        "Reference answer: 7",
        "3+4=7\n#### 7",
        "Step 1: 3+4=8",
        RIGHT,
        WRONG,
    ):
        assert part in asked
    assert "Step 2: #### 8" in asked and "Step 3" not in asked
    assert "Reference solution" not in prompt("How many?", "7", [], ["#### 8"])


def test_labels_are_the_judges_decisions() -> None:
    with serving(lambda *_: says(GOOD)) as chat:
        labels, rejects = ask(chat)
    assert store.validate(labels.with_columns(iteration=1), StepLabels, "test").height == 12
    assert rejects.is_empty()
    for _, steps in labels.group_by("path_id"):
        assert steps["step"].to_list() == [0, 1, 2]
        assert steps["label"].to_list() == [True, False, True]
        assert steps["reflection"].to_list() == ["On 1.", "On 2.", "On 3."]
    fixed = ["labeler", "n_rollouts", "n_correct", "stop"]
    assert labels.select(fixed).unique().rows() == [("judge", 0, 0, "known")]
    assert chat.keys == [f"Bearer {KEY}"] * 4
    sent = chat.asked[0]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("judge-1", 0.5, 100)
    assert [m["role"] for m in sent["messages"]] == ["user"]
    assert len({asked["seed"] for asked in chat.asked}) == 4


def test_a_path_without_steps_is_not_asked_about() -> None:
    empty = PATHS.with_columns(steps=pl.lit([], pl.List(pl.String)))
    with serving(lambda *_: says(GOOD)) as chat:
        labels, rejects = ask(chat, empty)
    assert (labels.height, rejects.height, len(chat.asked)) == (0, 0, 0)


def test_a_malformed_reply_is_asked_for_again_and_then_given_up() -> None:
    calls = {str(n): 0 for n in range(4)}

    def reply(asked: str, _: int) -> Reply:
        number = re.findall(r"Question (\d)", asked)[0]
        calls[number] += 1
        if number == "1" and calls[number] == 1:
            return says(GOOD[:40], "length")
        if number == "2":
            return says("I'd rather not.")
        if number == "3":
            return says(GOOD[:40], "length")
        return says(GOOD)

    with serving(reply) as chat:
        labels, rejects = ask(chat)
        seeds = {a["seed"] for a in chat.asked if "Question 2" in a["messages"][0]["content"]}
    assert calls == {"0": 1, "1": 2, "2": 3, "3": 3}
    assert len(seeds) == 3
    assert set(labels["path_id"]) == {"path0", "path1"}
    named = rejects.with_columns(iteration=1, stage=pl.lit("label"))
    assert store.validate(named, Rejects, "test").select("item", "reason", "content").rows() == [
        (
            "path2",
            "3 replies of the judge were unusable: the last is not JSON",
            "I'd rather not.",
        ),
        (
            "path3",
            "3 replies of the judge were unusable: the last was cut off at judge.max_tokens",
            GOOD[:40],
        ),
    ]


def test_an_empty_message_is_a_malformed_reply() -> None:
    with serving(lambda *_: says(None)) as chat:
        labels, rejects = ask(chat, max_tries=1)
    assert labels.is_empty() and len(chat.asked) == 4
    assert rejects["reason"][0].endswith("the last is empty")


def test_a_server_is_asked_to_hold_replies_to_their_form() -> None:
    with serving(lambda *_: says(GOOD)) as chat:
        labels, _ = ask(chat, json_schema=True)
    assert labels.height == 12 and len(chat.asked) == 4
    for asked in chat.asked:
        sent = asked["response_format"]["json_schema"]
        assert sent["schema"] == Decisions.schema_for_server()
        assert sent["schema"]["required"] == ["steps"]
    with serving(lambda *_: says(GOOD)) as chat:
        ask(chat, json_schema=False)
    assert not any("response_format" in asked for asked in chat.asked)


def test_a_server_that_refuses_schemas_is_asked_without() -> None:
    def reply(asked: str, number: int) -> Reply:
        refused = "response_format" in chat.asked[number]
        return (400, {"error": {"message": "response_format?"}}) if refused else says(GOOD)

    with serving(reply) as chat:
        labels, rejects = ask(chat, json_schema=True, concurrency=1)
    assert (labels.height, rejects.height) == (12, 0)
    assert ["response_format" in asked for asked in chat.asked] == [True] + [False] * 4


@pytest.mark.parametrize(
    ("message", "finish", "n_labels"),
    [
        ({"content": GOOD, "reasoning_content": "Hmm."}, "stop", 12),
        ({"content": None, "reasoning_content": f"Hmm.</think>{GOOD}"}, "stop", 12),
        ({"content": "", "reasoning": f"So: {GOOD}"}, "stop", 12),
        ({"content": None, "reasoning_content": GOOD}, "length", 0),
    ],
)
def test_thoughts_are_no_answer_unless_they_hold_it(
    message: dict[str, str], finish: str, n_labels: int
) -> None:
    def reply(*_: object) -> Reply:
        status, body = says("", finish)[:2]
        body["choices"][0]["message"] |= message
        return status, body

    with serving(reply) as chat:
        labels, _ = ask(chat, max_tries=1)
    assert labels.height == n_labels


def test_a_second_run_asks_nothing() -> None:
    def reply(asked: str, _: int) -> Reply:
        return says("No." if "Question 2" in asked else GOOD)

    with serving(reply) as chat:
        first = ask(chat)
        paid = len(chat.asked)
        second = ask(chat, concurrency=1, timeout_s=5.0, shard_size=3)
        assert (paid, len(chat.asked)) == (3 + 3, 6)
        ask(chat, model="judge-2")
        assert len(chat.asked) == 12
    assert all(one.equals(two) for one, two in zip(first, second, strict=True))
