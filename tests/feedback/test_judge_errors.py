"""A judge that refuses, keeps silent or is out of reach: one line, and earlier replies are kept."""

import socket
import threading
from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.engines.chat_sampler import ChatSampler
from stages.engines.ledger import ledger_folder
from stages.pipeline.stage_run import StageRun
from tests.fakes.chat_server import ChatServer, Reply, says, serving
from tests.fakes.judged_paths import GOOD, KEY, ask
from tests.fakes.small_settings import judge_settings

pytestmark = pytest.mark.usefixtures("judge_key")


REFUSALS = [
    (
        (401, {"error": {"message": f"bad key {KEY}"}}),
        "refused the key (401): put a valid one into $J",
    ),
    ((403, {"error": {"message": KEY}}), "refused the key (403): put a valid one into $JUDGE_KEY"),
    ((404, {"error": {"message": "no model"}}), "has no chat model judge-1 (404): set judge.url"),
    ((400, {"error": {"message": f"{KEY} 8k\nis"}}), "*** 8k"),
    ((500, {"error": {"message": "out of memory"}}), "out of memory"),
    ((200, "<html>Welcome</html>"), "failed (its reply is not a chat completion): check judge.url"),
    ((200, {"choices": []}), "failed (its reply is not a chat completion): check judge.url"),
    ((200, {"error": {"message": "credit"}}), "failed (its reply is not a chat completion)"),
    ((200, {"choices": [{"message": None}]}), "failed (its reply is not a chat completion)"),
]


@pytest.mark.parametrize(("answer", "message"), REFUSALS)
def test_a_server_that_refuses_is_one_line(answer: Reply, message: str, run_folder: Path) -> None:
    with serving(lambda *_: answer) as chat, pytest.raises(RatchetError) as error:
        ask(chat, concurrency=1)
    assert str(error.value).startswith(f"judge.url: {chat.url} ")
    assert message in str(error.value)
    assert "\n" not in str(error.value) and KEY not in str(error.value)
    assert len(chat.asked) == 1, "a refused run goes on asking"
    assert not list(ledger_folder().rglob("*.parquet"))


def test_a_wrong_path_is_one_line() -> None:
    with serving(lambda *_: says(GOOD)) as chat:
        chat.url = chat.url.removesuffix("/v1")
        with pytest.raises(RatchetError, match=r"\(404\): set judge.url, which often ends in /v1"):
            ask(chat)


def test_a_refused_connection_is_one_line() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    message = f"judge.url: {url} can't be reached (.*): start that server, or set judge.url"
    with pytest.raises(RatchetError, match=message) as error:
        ask(ChatServer(lambda *_: says(GOOD), url))
    assert "\n" not in str(error.value)


def test_a_server_that_keeps_silent_is_one_line() -> None:
    over = threading.Event()

    def reply(*_: object) -> Reply:
        over.wait(timeout=10)
        return says(GOOD)

    with serving(reply) as chat:
        with pytest.raises(RatchetError, match=r"took longer than judge\.timeout_s: raise it"):
            ask(chat, timeout_s=0.05)
        over.set()


@pytest.mark.parametrize("concurrency", [1, 2])
def test_what_came_before_a_failure_is_kept(concurrency: int) -> None:
    broken = threading.Event()

    def reply(asked: str, number: int) -> Reply:
        if number >= 2 and not broken.is_set():
            return 401, {"error": {"message": "expired"}}
        return says(GOOD)

    with serving(reply) as chat:
        with pytest.raises(RatchetError, match="401"):
            ask(chat, concurrency=concurrency)
        refused = len(chat.asked) - 2
        assert refused in range(1, concurrency + 1)
        broken.set()
        labels, _ = ask(chat, concurrency=concurrency)
        assert labels.height == 12
        assert len(chat.asked) == 2 + refused + 2


def test_a_path_that_the_server_refuses_is_a_reject_and_the_others_are_labelled() -> None:
    def reply(asked: str, _: int) -> Reply:
        if "Question 2" in asked:
            return 400, {"error": {"message": "longer than the context"}}
        return says(GOOD)

    with serving(reply) as chat:
        labels, rejects = ask(chat, concurrency=1, max_tries=2)
    assert set(labels["path_id"]) == {"path0", "path1", "path3"}
    assert rejects["item"].to_list() == ["path2"]
    assert rejects["reason"][0].endswith("the server refuses the request (too long, or filtered)")


@pytest.mark.parametrize("value", ["sk-ключ", "sk-a\nb"])
def test_a_key_that_no_header_can_hold(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", value)
    message = "JUDGE_KEY has characters that no key has"
    with serving(lambda *_: says(GOOD)) as chat, pytest.raises(RatchetError, match=message) as e:
        ask(chat)
    assert value not in str(e.value)


def test_a_server_without_keys_gets_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGE_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(lambda *_: says(GOOD)) as chat:
        labels, _ = ask(chat)
    assert labels.height == 12
    assert set(chat.keys) == {"Bearer not-needed"}


@pytest.mark.parametrize("unset", ["url", "model"])
def test_a_judge_without_an_address(unset: str) -> None:
    settings = judge_settings(**{"url": "http://127.0.0.1:1"} | {unset: None})
    with pytest.raises(RatchetError, match=r"set judge\.url and judge\.model"):
        ChatSampler(settings, StageRun(1, 0))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (says("I would say that all is well."), "is not JSON, and begins 'I would say that all is"),
        (says("", "length"), "was cut off at judge.max_tokens: set"),
        (says(GOOD[:40], "stop"), "and begins"),
    ],
)
@pytest.mark.parametrize(("max_unusable", "max_tries"), [(3, 1), (4, 1), (6, 2)])
def test_a_judge_without_a_usable_reply_is_not_paid_for_more(
    reply: Reply, why: str, max_unusable: int, max_tries: int
) -> None:
    with serving(lambda *_: reply) as chat, pytest.raises(RatchetError) as error:
        ask(chat, max_unusable=max_unusable, max_tries=max_tries)
    said = str(error.value)
    assert f"none of the first {max_unusable} replies of the judge could be used" in said
    assert why in said and "or raise judge.max_unusable" in said and "\n" not in said
    assert len(chat.asked) == max_unusable


def test_one_usable_reply_lets_it_go_on() -> None:
    with serving(lambda _, number: says(GOOD) if number == 2 else says("well")) as chat:
        labels, rejects = ask(chat, max_unusable=3, max_tries=2, concurrency=1)
    assert labels["path_id"].n_unique() == 1 and rejects.height == 3
    assert len(chat.asked) == 4 + 3
