"""Replies of servers: what can be used is kept, the rest is one line, and no rerun fails of it."""

import json
import os
from pathlib import Path
from random import Random
from typing import Any

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings
from stages.engines.chat_sampler import ChatSampler
from stages.engines.completions import OpenAISettings
from stages.engines.engine import Completion
from stages.engines.sampler import Sampler
from stages.feedback.reply_json import MalformedError
from stages.feedback.step_judge import parse
from stages.models.folders import mark_empty
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.engines.test_completions import values
from tests.fakes.chat_server import Reply, continues, says, serving
from tests.fakes.small_settings import judge_settings
from tests.fuzz.mutation import VALUES, mutated, mutated_text

SAMPLING = Sampling(0.7, 0.9, 50)
LOGPROBS = {"tokens": ["4", " a"], "token_logprobs": [-1.0, -0.5]}
STATUSES = [*[200] * 12, 201, 204, 400, 404, 408, 413, 422, 429, 500, 503]
WAITS = [
    "0",
    "-1",
    "soon",
    "1e9",
    "nan",
    "Wed, 21 Oct 2015 07:28:00",
    "Wed, 21 Oct 2015 07:28:00 GMT",
]
NUMBERS = (*VALUES, float("nan"), float("inf"), -5, 2**40)
STEP = {"step": 1, "reflection": "It adds 2 and 2: $\\frac{4}{1}$.", "decision": "contributes"}


def case(chance: Random, folder: Path) -> str:
    """Three draws of a policy or a judge whose server gives odd replies, then sound ones."""
    os.environ["RATCHET_LEDGER"] = str(folder / "ledger")
    is_judge = chance.random() < 0.5
    odd = [_odd(chance, is_judge) if chance.random() < 0.5 else _sound(is_judge) for _ in range(3)]
    mark_empty(folder, "none")
    outcome = "drawn"
    with serving(lambda _, number: odd[number % 3]) as chat:
        try:
            _check(_draw(chat.url, folder, is_judge), is_judge)
        except RatchetError as error:
            assert "\n" not in str(error), f"an error of several lines: {error}"
            outcome = "refused"
        chat.reply = lambda *_: _sound(is_judge)
        _check(_draw(chat.url, folder, is_judge), is_judge)
    return f"{'judge' if is_judge else 'policy'} {outcome}"


def _draw(url: str, folder: Path, is_judge: bool) -> list[Completion]:
    changes: dict[str, Any] = {"url": url, "concurrency": 1, "timeout_s": 100.0}
    sampler: Sampler = (
        ChatSampler(judge_settings(**changes), StageRun(1, 0))
        if is_judge
        else Sampler(
            folder,
            OpenAISettings.model_validate(values(name="openai", **changes)),
            ComputeSettings(threads=1),
            StageRun(1, 0),
        )
    )
    return sampler.sample(sampler.requests(["2+2="] * 3, [0, 1, 2], SAMPLING), SAMPLING, "test")


def _check(drawn: list[Completion], is_judge: bool) -> None:
    """The numbers of a draw can be; a judge's text is labels or malformed."""
    assert len(drawn) == 3
    for draw in drawn:
        assert isinstance(draw.text, str) and 0 <= draw.n_tokens < 2**31
        assert draw.logprob is None or draw.logprob <= 1e-3
        assert draw.finish in ("stop", "length", "refused"), draw.finish
        if is_judge:
            try:
                assert [decision.step for decision in parse(draw.text, 1)] == [1]
            except MalformedError as error:
                assert "\n" not in str(error)


def _sound(is_judge: bool) -> Reply:
    return says(json.dumps({"steps": [STEP]})) if is_judge else continues("4 a", **LOGPROBS)


def _odd(chance: Random, is_judge: bool) -> Reply:
    status, headers = chance.choice(STATUSES), {"Content-Type": "application/json"}
    if chance.random() < 0.3:
        headers["retry-after"] = chance.choice(WAITS)
    body = _sound(is_judge)[1]
    if is_judge and chance.random() < 0.5:
        written = json.dumps(mutated({"steps": [STEP]}, chance, chance.choice([0, 1, 2]), NUMBERS))
        body = says(mutated_text(written, chance) if chance.random() < 0.6 else written)[1]
    if status >= 400 and chance.random() < 0.5:
        body = {"error": {"message": "This can't be done: seed, logprobs", "code": None}}
    body = mutated(body, chance, chance.choice([0, 1, 1, 2, 4]), NUMBERS)
    if chance.random() < 0.15:
        text = mutated_text(json.dumps(body), chance)
        return status, text.encode(errors="replace").decode(), headers
    return status, body, headers
