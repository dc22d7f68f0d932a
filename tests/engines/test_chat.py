"""The chat engine: its order, its concurrency, and servers that fail."""

import threading

from stages.engines.chat import ChatEngine
from stages.engines.engine import Request
from stages.models.sampling import Sampling
from tests.fakes.chat_server import Reply, says, serving
from tests.fakes.small_settings import judge_settings

SAMPLING = Sampling(0.5, 1.0, 100)


def test_order_is_kept_though_the_last_request_is_answered_first() -> None:
    answered = [threading.Event() for _ in range(5)]
    answered[4].set()

    def reply(asked: str, _: int) -> Reply:
        number = int(asked)
        assert answered[number + 1].wait(timeout=10), "not asked at once"
        answered[number].set()
        return says(f"reply {number}")

    with serving(reply) as chat:
        engine = ChatEngine(judge_settings(url=chat.url, concurrency=4))
        done = engine.complete([Request(str(n), 0, n) for n in range(4)], SAMPLING)
    assert [c.text for c in done] == [f"reply {n}" for n in range(4)]
    assert {(c.n_tokens, c.logprob, c.finish) for c in done} == {(7, None, "stop")}


def test_no_more_requests_are_under_way_than_allowed() -> None:
    pair = threading.Barrier(2, timeout=10)
    state = {"now": 0, "most": 0}
    lock = threading.Lock()

    def reply(asked: str, _: int) -> Reply:
        with lock:
            state["now"] += 1
            state["most"] = max(state.values())
        pair.wait()
        with lock:
            state["now"] -= 1
        return says(asked)

    with serving(reply) as chat:
        engine = ChatEngine(judge_settings(url=chat.url, concurrency=2))
        done = engine.complete([Request(str(n), 0, n) for n in range(8)], SAMPLING)
    assert [c.text for c in done] == [str(n) for n in range(8)]
    assert state["most"] == 2


def test_a_busy_server_is_asked_again() -> None:
    with serving(lambda _, n: (503, {"error": "busy"}) if n < 2 else says("done")) as chat:
        engine = ChatEngine(judge_settings(url=chat.url, retries=2))
        assert engine.complete([Request("a", 0, 1)], SAMPLING)[0].text == "done"
    assert len(chat.asked) == 3


def test_text_that_utf8_cannot_hold_is_mended() -> None:
    with serving(lambda *_: says("a\ud800b")) as chat:
        engine = ChatEngine(judge_settings(url=chat.url))
        assert engine.complete([Request("a", 0, 1)], SAMPLING)[0].text == "a?b"
