"""A server that continues texts: what it is asked, what is taken from it, and in whose place."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.evaluations import Evaluations
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.rollouts import Rollouts
from schemas.samples import Samples
from schemas.step_labels import StepLabels
from stages.compute.compute_settings import ComputeSettings
from stages.contract.dvc_files import params
from stages.engines.chat import ChatEngine
from stages.engines.completions import CompletionsEngine, OpenAISettings
from stages.engines.engine import Completion, Request
from stages.engines.sampler import Sampler
from stages.evaluate import evaluate
from stages.label import label
from stages.models.completion_server import SimulatorServerSettings, read_server, write_server
from stages.models.folders import mark_empty
from stages.models.sampling import Sampling
from stages.pipeline.stage import Stage
from stages.pipeline.stage_run import StageRun
from stages.sample import sample
from tests.fakes.chat_server import ChatServer, Reply, continues, serving
from tests.fakes.toy_problems import toy_problems
from tests.fakes.written_files import everything_written

KEY = "sk-test-0123456789abcdef"
SAMPLING = Sampling(0.7, 0.9, 50)


def values(**changes: object) -> dict[str, Any]:
    return {
        "url": None,
        "model": "served-1",
        "key_variable": "SERVER_KEY",
        "concurrency": 4,
        "timeout_s": 10.0,
        "retries": 0,
        "shard_size": 8,
        "logprobs": True,
    } | changes


def simulating(**changes: object) -> SimulatorServerSettings:
    return SimulatorServerSettings.model_validate(values(**changes))


@pytest.fixture(autouse=True)
def key(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_KEY", KEY)


def ask(reply: Reply, **changes: object) -> tuple[Completion, dict[str, Any]]:
    """(what came of one request, what was sent)."""
    with serving(lambda *_: reply) as chat:
        engine = CompletionsEngine(simulating(url=chat.url, **changes))
        done = engine.complete([Request("2+2=", 3, 2**40 + 5)], SAMPLING)[0]
    assert chat.keys == [f"Bearer {KEY}"]
    return done, chat.asked[0]


def test_the_prompt_is_sent_as_it_is() -> None:
    _, sent = ask(continues("4"))
    assert sent == {
        "prompt": "2+2=",
        "model": "served-1",
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 5 + 2**40 % 2**31,
        "logprobs": 1,
    }
    assert "logprobs" not in ask(continues("4"), logprobs=False)[1]


TAKEN = [
    (continues("4 a"), Completion("4 a", 7, None, "stop")),
    (
        continues("4 a", tokens=["4", " a", "</s>"], token_logprobs=[-1.0, -0.5, -0.25]),
        Completion("4 a", 2, -1.75, "stop"),
    ),
    (
        continues("4 a", tokens=["4", " a", ""], token_logprobs=[-1.0, -0.5, -0.25]),
        Completion("4 a", 2, -1.75, "stop"),
    ),
    (
        continues("4 a", tokens=["4", " a"], token_logprobs=[-1.0, -0.5]),
        Completion("4 a", 2, -1.5, "stop"),
    ),
    (
        continues("4 \ufffd", "length", tokens=["4", " ?"], token_logprobs=[-1.0, -0.5]),
        Completion("4 \ufffd", 2, -1.5, "length"),
    ),
    (
        continues("4", tokens=["4"], token_logprobs=[None]),
        Completion("4", 7, None, "stop"),
    ),
    (continues("4", tokens=[], token_logprobs=[]), Completion("4", 7, None, "stop")),
    (continues("", "stop"), Completion("", 7, None, "stop")),
    (continues("4", None), Completion("4", 7, None, "stop")),
    (continues("4", "content_filter"), Completion("4", 7, None, "refused")),
    (continues("a\ud800b", "length"), Completion("a?b", 7, None, "length")),
]


@pytest.mark.parametrize(("reply", "taken"), TAKEN)
def test_what_is_taken_from_a_reply(reply: Reply, taken: Completion) -> None:
    assert ask(reply)[0] == taken


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((200, {"choices": []}), "failed (its reply is not a text completion)"),
        ((200, "<html>Welcome</html>"), "failed (its reply is not a text completion)"),
        ((404, {"error": "no"}), "has no model served-1 (404): set simulator_server.url"),
        ((401, {"error": KEY}), "refused the key (401): put a valid one into $SERVER_KEY"),
        (
            (400, {"error": {"message": f"{KEY}: no logprobs"}}),
            "(Error code: 400 - ***: no logprobs)",
        ),
    ],
)
def test_a_server_that_fails_is_one_line(reply: Reply, message: str) -> None:
    with pytest.raises(RatchetError, match=re.escape(message)) as error:
        ask(reply)
    assert "\n" not in str(error.value) and KEY not in str(error.value)


def test_a_chat_and_a_completion_of_one_model_are_kept_apart() -> None:
    assert CompletionsEngine.version != ChatEngine.version


def asked_problems() -> pl.DataFrame:
    """40 problems that samples are drawn for."""
    return toy_problems().filter(pl.col("split") == "train", ~pl.col("demonstrated"))


def solves(problems: pl.DataFrame) -> Any:
    """Replies that end any text with its problem's answer, but for every third request."""
    answers = dict(problems.select("prompt", "answer").rows())

    def reply(prompt: str, number: int) -> Reply:
        answer = next(a for p, a in answers.items() if prompt.startswith(p))
        text = f"#### {answer}" if number % 3 else "#### -1"
        return continues(text, tokens=[text, "</s>"], token_logprobs=[-1.5, -0.5])

    return reply


def run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [stage.name, "--iteration", "1"])
    stage.main()


def plant(problems: pl.DataFrame, *overrides: str) -> None:
    """A run's folder with a policy of no weights."""
    Path("params.yaml").write_text(params("sample.k=2", "grade.workers=1", *overrides))
    store.write(problems, Problems)
    for name in ("iteration=0", "iteration=1", "simulator"):
        folder = Path("models", name)
        folder.mkdir(parents=True)
        mark_empty(folder, "none")


def engine_at(chat: ChatServer) -> list[str]:
    return [
        "model=none",
        "engine=openai",
        f"engine.url={chat.url}",
        "engine.model=served-1",
        "engine.key_variable=SERVER_KEY",
        "engine.concurrency=4",
    ]


def test_it_draws_the_samples_and_is_evaluated_and_the_key_is_nowhere(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    problems = asked_problems()
    with serving(solves(problems)) as chat:
        plant(problems, *engine_at(chat))
        run(sample, monkeypatch)
        paid = len(chat.asked)
        run(sample, monkeypatch)
        assert len(chat.asked) == paid, "a second run asks again"
        store.write(problems.with_columns(split=pl.lit("test")), Problems)
        run(evaluate, monkeypatch)
        assert len(chat.asked) > paid
    samples = store.read(Samples, iteration=1, stage="sample")
    assert samples.height == paid == 80
    assert samples.select("engine", "n_tokens", "logprob", "finish").unique().rows() == [
        ("openai-completions", 1, -2.0, "stop")
    ]
    evaluated = store.read(Evaluations, iteration=1)
    assert 0 < evaluated.filter(mode="greedy")["correct"].sum() < 40
    printed = "".join(capfd.readouterr())
    assert KEY not in printed + everything_written(run_folder)


def test_a_request_that_it_refuses_is_a_sample_without_text(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = asked_problems().head(3)
    refused = problems["prompt"][1]

    def reply(prompt: str, _: int) -> Reply:
        return (400, {"error": "too long"}) if prompt == refused else continues("#### 1")

    with serving(reply) as chat:
        plant(problems, *engine_at(chat))
        run(sample, monkeypatch)
    samples = store.read(Samples, iteration=1, stage="sample")
    assert samples.filter(finish="refused").select("problem_id", "text").unique().rows() == [
        (problems["problem_id"][1], "")
    ]


def test_a_simulator_behind_a_server_finishes_steps(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = asked_problems().head(4)
    paths = problems.select(
        "problem_id",
        path_id=pl.format("path-{}", "problem_id"),
        made_in=1,
        sample_ids=pl.concat_list(pl.lit("s")),
        steps=pl.concat_list(pl.lit("One.\n"), pl.lit("Two.\n"), pl.format("#### {}", "answer")),
        fingerprint=pl.lit("f"),
        correct=True,
        kept=True,
        duplicate_of=pl.lit(None, pl.String),
        truth=pl.lit(None, pl.List(pl.Boolean)),
    ).select(Paths.stored_schema().names())
    with serving(solves(problems)) as chat:
        plant(problems, "label.max_rollouts=3", "label.early_stop=false")
        (Path("models/simulator") / "NO_MODEL").unlink()
        write_server(Path("models/simulator"), simulating(url=chat.url))
        store.write(paths, Paths, iteration=1)
        store.write(StepLabels.create_empty(), StepLabels, iteration=0)
        store.write(Rollouts.create_empty(), Rollouts, iteration=0)
        none = Samples.create_empty().drop("iteration", "stage", strict=False)
        store.write(none, Samples, iteration=1, stage="sample")
        run(label, monkeypatch)
        begun = {asked["prompt"] for asked in chat.asked}
    prompts = problems["prompt"].to_list()
    assert begun == {p + steps for p in prompts for steps in ("One.\n", "One.\nTwo.\n")}
    labels = store.read(StepLabels, iteration=1).filter(labeler="rollouts")
    assert labels["n_rollouts"].unique().to_list() == [3]
    assert labels["n_correct"].sum() == sum(n % 3 > 0 for n in range(24))


def test_a_folder_says_where_its_model_is_served(run_folder: Path) -> None:
    settings = simulating(url="http://localhost:8000/v1/")
    assert read_server(run_folder) is None
    write_server(run_folder, settings)
    assert read_server(run_folder) == settings
    assert KEY not in (run_folder / "server.json").read_text()


def test_a_folder_without_an_address_is_one_line(run_folder: Path) -> None:
    message = r"set simulator_server\.url and simulator_server\.model"
    with pytest.raises(RatchetError, match=message):
        write_server(run_folder, simulating())


def test_the_simulators_server_goes_before_the_policys(run_folder: Path) -> None:
    engine = OpenAISettings.model_validate(values(name="openai", url="http://policy/v1"))
    compute, turn = ComputeSettings(threads=1), StageRun(1, 0)
    mark_empty(run_folder / ".", "none")
    policy = Sampler(run_folder, engine, compute, turn)
    assert policy.settings.section == "engine"
    write_server(run_folder, simulating(url="http://simulator/v1"))
    simulator = Sampler(run_folder, engine, compute, turn)
    assert simulator.settings.section == "simulator_server"
    assert simulator.model_digest != policy.model_digest
