"""The engine: same draws whatever the batch, the right distribution, greedy as generate()."""

from pathlib import Path

import polars as pl
import pytest

from stages.engines.engine import Request, Sampling
from stages.engines.transformers_engine import TransformersEngine


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> TransformersEngine:
    import torch

    return TransformersEngine(checkpoint, 64, torch.device("cpu"))


def requests(problems: pl.DataFrame, k: int) -> list[Request]:
    prompts = problems["prompt"].head(12)
    return [Request(p, d, 1000 * i + d) for i, p in enumerate(prompts) for d in range(k)]


def test_draws_do_not_depend_on_their_batch(
    engine: TransformersEngine, problems: pl.DataFrame
) -> None:
    asked = requests(problems, 4)
    sampling = Sampling(1.0, 0.95, 24)
    together = engine.complete(asked, sampling)
    reversed_alone = [engine.complete([r], sampling)[0] for r in reversed(asked)]
    assert [c.text for c in together] == [c.text for c in reversed(reversed_alone)]
    assert len({c.text for c in together}) > 40


def test_greedy_is_what_generate_gives(engine: TransformersEngine, problems: pl.DataFrame) -> None:
    import torch

    from stages.encode import encode_prompt

    asked = requests(problems, 1)
    ours = engine.complete(asked, Sampling(0.0, 1.0, 16))
    for request, completion in zip(asked, ours, strict=True):
        ids = torch.tensor([encode_prompt(engine.tokenizer, request.prompt)])
        out = engine.model.generate(ids, do_sample=False, max_new_tokens=16)
        theirs = engine.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
        assert completion.text == theirs


def test_logprob_is_the_models_own(engine: TransformersEngine, problems: pl.DataFrame) -> None:
    import torch

    from stages.encode import encode_prompt

    request = requests(problems, 1)[0]
    done = engine.complete([request], Sampling(1.0, 1.0, 8))[0]
    prompt = encode_prompt(engine.tokenizer, request.prompt)
    ids = engine.tokenizer(done.text, add_special_tokens=False)["input_ids"]
    if done.finish == "stop":
        ids = [*ids, engine.tokenizer.eos_token_id]
    with torch.inference_mode():
        logits = engine.model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
    expected = torch.log_softmax(logits, -1).gather(-1, torch.tensor(ids)[:, None]).sum().item()
    retokenised = len(ids) == done.n_tokens + (done.finish == "stop")
    assert not retokenised or done.logprob == pytest.approx(expected, abs=1e-3)


def test_a_full_context_ends_by_length(engine: TransformersEngine) -> None:
    done = engine.complete([Request("pens " * 120, 0, 1)], Sampling(1.0, 1.0, 500))
    assert done[0].n_tokens <= 256
