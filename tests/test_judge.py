"""The judge: what of its replies is used, what is refused, and what a run pays for."""

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.samples import Samples
from schemas.step_labels import StepLabels
from stages.contract.dvc_files import params
from stages.engines.chat import ChatEngine
from stages.engines.engine import Request, Sampling
from stages.engines.ledger import ledger_folder
from stages.engines.sampler import ChatSampler
from stages.feedback.ask import MalformedError
from stages.feedback.step_judge import RIGHT, WRONG, judge_steps, parse, prompt
from stages.label import label
from stages.pipeline.stage_run import StageRun
from tests.chat_server import ChatServer, Reply, says, serving
from tests.conftest import judge_settings

KEY = "sk-test-0123456789abcdef"
SAMPLING = Sampling(0.5, 1.0, 100)
PROBLEMS = pl.DataFrame(
    [
        {
            "problem_id": f"p{n}",
            "source": "toy",
            "split": "train",
            "kind": "math",
            "question": f"Question {n}?",
            "prompt": f"Question {n}?\n",
            "answer": f"{n}",
            "rationale": ["Think.\n", f"#### {n}"] if n % 2 else [],
            "demonstrated": False,
            "options": [],
            "tests": [],
            "given": "",
            "level": 1,
            "subject": None,
        }
        for n in range(4)
    ],
    schema=Problems.polars_schema(),
)
PATHS = pl.DataFrame(
    [
        {
            "path_id": f"path{n}",
            "problem_id": f"p{n}",
            "sample_ids": [f"s{n}"],
            "steps": ["First.\n", "Second.\n", f"#### {n}"],
            "fingerprint": f"f{n}",
            "correct": n < 2,
            "kept": True,
            "duplicate_of": None,
            "truth": None,
        }
        for n in range(4)
    ],
    schema=Paths.stored_schema(),
)


def decision(step: int, verdict: str = RIGHT, **more: Any) -> dict[str, Any]:
    return {"step": step, "reflection": f"On {step}.", "decision": verdict} | more


GOOD = json.dumps([decision(1), decision(2, WRONG), decision(3)])


@pytest.fixture(autouse=True)
def key(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def ask(chat: ChatServer, paths: pl.DataFrame = PATHS, **changes: object) -> Any:
    """(labels, rejects) of the paths, through a drawer of its own."""
    settings = judge_settings(url=chat.url, **changes)
    return judge_steps(ChatSampler(settings, StageRun(1, 0)), paths, PROBLEMS, settings)


def everything_written(folder: Path) -> str:
    """All that a run left below a folder, Parquet read."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            parts += [str(path), str(pl.read_parquet(path).rows())]
        elif path.is_file():
            parts += [str(path), path.read_text()]
    return "\n".join(parts)


PARSED = [
    (GOOD, [True, False, True]),
    (f"\n  {GOOD}\n", [True, False, True]),
    (f"```json\n{GOOD}\n```", [True, False, True]),
    (f"```\n{GOOD}\n```\n", [True, False, True]),
    (json.dumps({"steps": json.loads(GOOD)}), [True, False, True]),
    (json.dumps([decision(3, WRONG), decision(1), decision(2)]), [True, True, False]),
    (json.dumps([decision(n, reflection="") for n in (1, 2, 3)]), [True, True, True]),
    (json.dumps([decision(n, reflection="``` é 😀") for n in (1, 2, 3)]), [True, True, True]),
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
    (f"Here it is: {GOOD}", "is not JSON"),
    (f"Here it is:\n```json\n{GOOD}\n```", "is not JSON"),
    (GOOD[:-5], "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    ("null", "is no list of decisions"),
    ("3", "is no list of decisions"),
    (json.dumps(decision(1)), "is no list of decisions"),
    (json.dumps({"steps": json.loads(GOOD), "sure": True}), "is no list of decisions"),
    ("[]", NUMBERS),
    (json.dumps([decision(1), decision(2)]), NUMBERS),
    (json.dumps([decision(n) for n in (1, 2, 3, 4)]), NUMBERS),
    (json.dumps([decision(n) for n in (0, 1, 2)]), NUMBERS),
    (json.dumps([decision(n) for n in (1, 2, 2)]), NUMBERS),
    (json.dumps([decision(n) for n in (1, 2, 3, 3)]), NUMBERS),
    (json.dumps([decision(n, "maybe") for n in (1, 2, 3)]), "decision: Input should be"),
    (json.dumps([decision(n, RIGHT.upper()) for n in (1, 2, 3)]), "decision: Input should be"),
    (json.dumps([decision(n, True) for n in (1, 2, 3)]), "decision: Input should be"),
    (json.dumps([decision(n) | {"step": str(n)} for n in (1, 2, 3)]), "step: Input should be"),
    (json.dumps([decision(n) | {"step": n == 1} for n in (1, 0, 0)]), "step: Input should be"),
    (json.dumps([decision(n, reflection=None) for n in (1, 2, 3)]), "reflection: Input should"),
    (json.dumps([decision(n, sure=1) for n in (1, 2, 3)]), "sure: Extra inputs are not"),
    (GOOD.replace('"step": 3', '"step": 2, "step": 3'), "is not JSON"),
    (GOOD.replace("On 3", r"\ud800"), "is not JSON"),
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


REFUSALS = [
    (
        (401, {"error": {"message": f"bad key {KEY}"}}),
        "refused the key (401): put a valid one into $J",
    ),
    ((403, {"error": {"message": KEY}}), "refused the key (403): put a valid one into $JUDGE_KEY"),
    ((404, {"error": {"message": "no model"}}), "knows no chat model judge-1 (404): set judge.url"),
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
    assert not ledger_folder().exists()


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


def plant(chat: ChatServer, *overrides: str) -> None:
    """The run's folder as the label stage finds it."""
    given = [f"judge.url={chat.url}", "judge.model=judge-1", "judge.key_variable=JUDGE_KEY"]
    changed = ["label.method=judge", "judge.retries=0", "judge.concurrency=1", *given, *overrides]
    Path("params.yaml").write_text(params(*changed))
    store.write(PROBLEMS, Problems)
    store.write(Samples.create_empty(), Samples, iteration=1, stage="sample")
    store.write(PATHS, Paths, iteration=1)
    for model in ("models/iteration=0", "models/simulator"):
        Path(model).mkdir(parents=True)


def run_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["label", "--iteration", "1"])
    label.main()


def test_the_stage_writes_labels_and_rejects_and_never_the_key(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda asked, _: says("No." if "Question 3" in asked else GOOD)) as chat:
        plant(chat, "label.prefix_and=true")
        run_stage(monkeypatch)
    labels = store.read(StepLabels, iteration=1)
    assert labels["label"].to_list() == [True, False, False] * 3
    assert store.read(Rejects, iteration=1, stage="label")["item"].to_list() == ["path3"]
    printed = "".join(capfd.readouterr())
    written = everything_written(run_folder)
    assert "On 2." in written and "judge-1" in written
    assert KEY not in printed + written


def test_the_stage_ends_in_one_line_where_the_judge_refuses(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def reply(_: str, number: int) -> Reply:
        return says(GOOD) if number < 2 else (401, {"error": {"message": f"bad key {KEY}"}})

    with serving(reply) as chat:
        plant(chat)
        with pytest.raises(SystemExit) as ended:
            run_stage(monkeypatch)
    line = str(ended.value)  # the interpreter prints it and exits with 1
    assert line.startswith(f"label: judge.url: {chat.url} refused the key") and "\n" not in line
    written = everything_written(run_folder)
    assert "On 2." in written
    assert KEY not in "".join([line, written, *capfd.readouterr()])
