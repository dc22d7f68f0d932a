"""Replies as no server should send them: what can be used is kept, the rest is one line."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings
from stages.engines.chat_sampler import ChatSampler
from stages.engines.completions import CompletionsEngine, OpenAISettings
from stages.engines.engine import Completion, Request
from stages.engines.ledger import Ledger
from stages.engines.sampler import Sampler
from stages.models.completion_server import SimulatorServerSettings
from stages.models.folders import mark_empty
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.engines.test_completions import simulating, values
from tests.fakes.chat_server import Reply, continues, says, serving
from tests.fakes.small_settings import judge_settings

pytestmark = pytest.mark.usefixtures("run_folder")

SAMPLING = Sampling(0.7, 0.9, 50)
JSON = {"Content-Type": "application/json"}
NAN, INF = math.nan, math.inf


def with_usage(reply: Reply, n: object) -> Reply:
    body: dict[str, Any] = reply[1] | {"usage": {"completion_tokens": n}}
    return reply[0], body


def thinks(text: str | None, thoughts: object, finish: str = "stop") -> Reply:
    reply = says(text, finish)
    reply[1]["choices"][0]["message"]["reasoning_content"] = thoughts
    return reply


def policy(chat_url: str, folder: Path, **changes: object) -> Sampler:
    """A policy behind a server, whose replies go through the ledger."""
    settings = OpenAISettings.model_validate(values(name="openai", url=chat_url, **changes))
    if not (folder / "NO_MODEL").exists():
        mark_empty(folder, "none")
    return Sampler(folder, settings, ComputeSettings(threads=1), StageRun(1, 0))


def draw(sampler: Sampler, n: int = 3) -> list[Completion]:
    requests = sampler.requests(["2+2="] * n, [*range(n)], SAMPLING)
    return sampler.sample(requests, SAMPLING, "test")


LOGPROBS = {"tokens": ["4", " a"], "token_logprobs": [-1.0, -0.5]}
ODD = [
    *((with_usage(continues("4 a"), n), (0, None)) for n in (-5, INF, -INF, NAN, 2**40, "7", True)),
    (with_usage(continues("4 a"), 7.0), (7, None)),
    *(
        (continues("4 a", **(LOGPROBS | {"token_logprobs": [-1.0, bad]})), (2, None))
        for bad in (NAN, INF, -INF, 3.5, "x")
    ),
    (continues("4 a", **(LOGPROBS | {"token_logprobs": [-1.0, 1e-5]})), (2, -0.99999)),
    (continues("4 a", **(LOGPROBS | {"tokens": "4 a"})), (7, None)),
    (continues("4 a", **(LOGPROBS | {"tokens": [4, 5]})), (7, None)),
]


@pytest.mark.parametrize(("reply", "taken"), ODD)
def test_odd_numbers_count_as_unreported(
    reply: Reply, taken: tuple[int, float | None], run_folder: Path
) -> None:
    with serving(lambda *_: reply) as chat:
        first = draw(policy(chat.url, run_folder))
        again = draw(policy(chat.url, run_folder))
        assert len(chat.asked) == 3, "a rerun asks again"
    assert first == again == [Completion("4 a", *taken, "stop")] * 3


@pytest.mark.parametrize(
    "bad",
    [
        continues(["a"]),  # type: ignore[arg-type]
        (200, {"choices": None}),
        (200, {"choices": [4]}),
        (200, {"choices": [{"text": ["4"]}]}),
        (200, "[" * 100_000, JSON),
        (200, "{", JSON),
        (200, "4"),
    ],
    ids=["list", "no choices", "a number", "no text", "deep", "half", "text"],
)
def test_one_bad_reply_loses_no_other(bad: Reply, run_folder: Path) -> None:
    once = threading.Event()

    def reply(_: str, number: int) -> Reply:
        if number == 2 and not once.is_set():
            once.set()
            return bad
        return continues("4")

    with serving(reply) as chat:
        with pytest.raises(RatchetError, match=r"engine\.url: .*: check engine\.url") as error:
            draw(policy(chat.url, run_folder, concurrency=1))
        assert "\n" not in str(error.value)
        assert len(draw(policy(chat.url, run_folder, concurrency=1))) == 3
        assert len(chat.asked) == 4, "what came before the bad reply was asked for again"


def test_draws_that_were_kept_with_odd_numbers_are_made_again(run_folder: Path) -> None:
    odd = {"a": Completion("4", -3, None, "stop"), "b": Completion("4", 3, NAN, "stop")}
    sound = {"c": Completion("4", 3, None, "stop"), "d": Completion("4", 3, -1.0, "stop")}
    Ledger("me").add(odd | sound)
    assert Ledger("me").find(["a", "b", "c", "d"]) == sound
    mended = {"a": Completion("4", 3, None, "stop")}
    Ledger("me").add(mended)
    assert Ledger("me").find(["a", "b", "c", "d"]) == sound | mended


ENDS = [
    ("eos_token", "stop"),
    ("EOS", "stop"),
    ("end_turn", "stop"),
    ("max_tokens", "length"),
    ("content_filter", "refused"),
    (None, "stop"),
]


@pytest.mark.parametrize(("reason", "finish"), ENDS)
@pytest.mark.parametrize("kind", ["plain", "chat"])
def test_every_name_of_an_end_is_one_of_three(kind: str, reason: str | None, finish: str) -> None:
    reply = says("4", reason) if kind == "chat" else continues("4", reason)  # type: ignore[arg-type]
    with serving(lambda *_: reply) as chat:
        engine = CompletionsEngine(simulating(url=chat.url), PromptForm(kind=kind))  # type: ignore[arg-type]
        (done,) = engine.complete([Request("2+2=", 0, 1)], SAMPLING)
    assert (done.text, done.finish) == ("4", finish)


@pytest.mark.parametrize(
    ("reply", "text", "line"),
    [
        (thinks(None, "It is 4.", "eos_token"), "It is 4.", ""),
        (thinks("4", "It is 4."), "4", ""),
        (thinks(None, "It is", "length"), "", "judge: 1 of 1 replies are thoughts without an answ"),
        (thinks(None, {"a": 1}), "", "thoughts without an answer: raise max_tokens"),
        (thinks(None, None), "", ""),
    ],
)
def test_thoughts_without_an_answer_are_said(
    reply: Reply, text: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda *_: reply) as chat:
        assert draw(ChatSampler(judge_settings(url=chat.url), StageRun(1, 0)), 1)[0].text == text
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == bool(line)


def test_the_time_out_is_of_the_whole_reply() -> None:
    over = threading.Event()

    def pieces() -> Iterator[bytes]:
        for _ in range(500):
            over.wait(timeout=0.01)
            yield b" "

    with serving(lambda *_: (200, pieces())) as chat:
        engine = CompletionsEngine(simulating(url=chat.url, timeout_s=0.2))
        with pytest.raises(RatchetError, match=r"took longer than simulator_server\.timeout_s"):
            engine.complete([Request("2+2=", 0, 1)], SAMPLING)
        over.set()


def unwanted(name: str, msg: str = "Extra inputs are not permitted") -> Reply:
    """As FastAPI answers a field that it does not know."""
    return 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": msg}]}


REFUSED = [
    (unwanted("seed"), "(422 seed: Extra inputs are not permitted): set engine.omit=[seed]"),
    (unwanted("logprobs"), "set engine.logprobs=false"),
    (unwanted("max_tokens"), "set engine.omit=[max_tokens]"),
    (
        (400, {"error": {"message": "temperature is not supported"}}),
        "set engine.omit=[temperature]",
    ),
    (unwanted("messages", "Field required"), "(422 messages: Field required): check engine.url"),
    ((400, {"error": {"message": "This is a chat model"}}), "set model.prompt=chat"),
    (
        (404, {"error": {"message": "no"}}),
        "and engine.model, or model.prompt=chat if it only chats",
    ),
    (
        (400, {"error": {"message": "context length is 8 tokens, lower max_tokens"}}),
        "check engine.url",
    ),
]


@pytest.mark.parametrize(("reply", "line"), REFUSED)
def test_what_a_server_refuses_names_its_setting(reply: Reply, line: str, run_folder: Path) -> None:
    with serving(lambda *_: reply) as chat, pytest.raises(RatchetError) as error:
        draw(policy(chat.url, run_folder), 1)
    assert line in str(error.value) and "\n" not in str(error.value)


def test_what_is_omitted_is_not_sent(run_folder: Path) -> None:
    with serving(lambda *_: continues("4")) as chat:
        draw(policy(chat.url, run_folder, omit=["seed", "max_tokens"]), 1)
    assert {"seed", "max_tokens"}.isdisjoint(chat.asked[0]) and "top_p" in chat.asked[0]


def test_the_newer_name_of_max_tokens_is_used_where_it_is_wanted() -> None:
    words = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    with serving(lambda *_: says("4") if len(chat.asked) > 1 else refusal) as chat:
        refusal: Reply = (400, {"error": {"message": words}})
        draw(ChatSampler(judge_settings(url=chat.url, concurrency=1), StageRun(1, 0)))
    assert len(chat.asked) == 4
    assert all("max_completion_tokens" in asked for asked in chat.asked[1:])


@pytest.mark.parametrize("changes", [{"logprobs": False}, {"omit": ["seed"]}])
def test_what_a_draw_depends_on_names_it(changes: dict[str, Any], run_folder: Path) -> None:
    usual = policy("http://127.0.0.1:1/v1", run_folder)
    assert policy("http://127.0.0.1:1/v1", run_folder, **changes).model_digest != usual.model_digest


def test_the_usual_draws_keep_their_names() -> None:
    address = ("http://127.0.0.1:1/v1", "served-1")
    policys = OpenAISettings.model_validate(values(name="openai", url=address[0]))
    simulators = SimulatorServerSettings.model_validate(values(url=address[0], logprobs=False))
    assert policys.identity() == simulators.identity() == address
