"""The critic: which of its findings are used, and what it is asked."""

import json
import re
from pathlib import Path

import pytest

from stages.feedback import critic
from stages.feedback.reply_json import MalformedError
from tests.fakes.chat_server import Reply, says, serving
from tests.fakes.reviewed_answers import reviewed

pytestmark = pytest.mark.usefixtures("run_folder")


def finding(first_wrong: object, **more: object) -> str:
    return json.dumps({"reflection": "Looked.", "first_wrong": first_wrong} | more)


@pytest.mark.parametrize(
    "text",
    [
        finding(2),
        finding("Step 2", sure=True),
        f"[{finding(2)}]",
        f"I say {finding(2)}",
        f"```json\n{finding(2)}\n```",
        f" {finding(2)}\n",
    ],
)
def test_findings_that_are_used(text: str) -> None:
    assert critic.parse(text, 3).first_wrong == 2
    assert critic.parse(finding(-1), 3).first_wrong == -1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("2", "is no finding"),
        ("\\boxed{2}", "is no finding"),
        (finding(3), "names step 3 of 3"),
        (finding(-2), "is no finding: first_wrong: Input should be"),
        (finding("two"), "is no finding: first_wrong: Input should be"),
        (finding(True), "is no finding: first_wrong: Input should be"),
        (finding(1.5), "is no finding: first_wrong: Input should be"),
        (finding(None), "is no finding: first_wrong: Input should be"),
        (f"{finding(2)} or {finding(1)}", "has 2 answers that differ"),
        ('{"first_wrong": 2}', "is no finding: reflection: Field required"),
        (f"[{finding(2)}, {finding(1)}]", "is no finding"),
        ('{"reflection": "", "first_wrong": 1, "first_wrong": 2}', "is not JSON"),
    ],
)
def test_findings_that_are_malformed(text: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=re.escape(reason)) as error:
        critic.parse(text, 3)
    assert "\n" not in str(error.value)


def test_the_critic_sees_numbered_steps_and_no_reference() -> None:
    asked = critic.question("p1", "How many?", ["3+4=8\n", "#### 8"]).prompt
    for part in ("How many?", "Step 0: 3+4=8", "Step 1: #### 8", "-1"):
        assert part in asked
    assert "Step 2" not in asked and "eference" not in asked


def test_right_answers_are_looked_through_and_a_malformed_reply_is_asked_for_again(
    run_folder: Path,
) -> None:
    def reply(prompt: str, number: int) -> Reply:
        if "Question 2?" in prompt:
            return says("no idea")
        return says("garbled") if number == 0 else says(finding(1))

    with serving(reply) as chat:
        made = reviewed(run_folder, "critic", url=chat.url, concurrency=1)
    assert made["flaws"].select("problem_id", "reviewer", "n_steps", "first_wrong").rows() == [
        ("p0", "critic", 3, 1)
    ]
    assert made["flaws"]["reflection"].to_list() == ["Looked."]
    ((item, reason, content),) = made["rejects"].rows()
    assert (item, content) == ("p2", "no idea")
    assert reason == "2 replies of the critic were unusable: the last is not JSON"
    assert len(chat.asked) == 4  # two answers, each asked about twice
    sent = chat.asked[0]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("critic-1", 0.5, 100)
    assert made["duels"].is_empty()


def test_what_was_said_is_kept_in_the_ledger(run_folder: Path) -> None:
    with serving(lambda *_: says(finding(-1))) as chat:
        first = reviewed(run_folder, "critic", url=chat.url)
        second = reviewed(run_folder, "critic", url=chat.url)
    assert len(chat.asked) == 2
    assert first["flaws"].equals(second["flaws"]) and first["flaws"].height == 2


def test_a_local_model_can_be_the_critic(run_folder: Path, checkpoint: Path) -> None:
    made = reviewed(
        run_folder, "critic", provider="policy", policy=checkpoint, max_tokens=4, max_tries=1
    )
    assert made["flaws"].is_empty()  # random weights say nothing
    assert made["rejects"].sort("item")["item"].to_list() == ["p0", "p2"]
