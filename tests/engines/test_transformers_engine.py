"""The engine: same draws whatever the batch, the right distribution, greedy as generate()."""

import shutil
import zlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.engines.decoder.batch import longest_extensions
from stages.engines.decoder.transformers_engine import (
    TransformersEngine,
    decoder_version,
    precision_of,
)
from stages.engines.engine import Completion, Request
from stages.models.sampling import Sampling
from stages.models.scratch import make_scratch
from tests.fakes.small_settings import scratch_settings


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

    asked = requests(problems, 1)
    ours = engine.complete(asked, Sampling(0.0, 1.0, 16))
    for request, completion in zip(asked, ours, strict=True):
        ids = torch.tensor([engine.encoder.encode_prompt(request.prompt)])
        out = engine.model.generate(ids, do_sample=False, max_new_tokens=16)
        theirs = engine.encoder.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
        assert completion.text == theirs


def test_draws_are_distributed_as_those_of_generate(problems: pl.DataFrame, tmp_path: Path) -> None:
    """Two samples of texts in 16 classes: chi-squared with 15 degrees, p = 0.001 at 37.7."""
    import torch

    make_scratch(scratch_settings(init_std=0.6), problems["prompt"].to_list(), 0, tmp_path)
    engine = TransformersEngine(tmp_path, 512, torch.device("cpu"))
    prompt, n = problems["prompt"][0], 3000
    asked = [Request(prompt, draw, 31 * draw) for draw in range(n)]
    ids = torch.tensor([engine.encoder.encode_prompt(prompt)]).expand(n, -1)
    torch.manual_seed(0)
    out = engine.model.generate(
        ids, do_sample=True, max_new_tokens=3, temperature=1.2, top_p=0.7, top_k=0
    )
    theirs = classes(engine.encoder.tokenizer.batch_decode(out[:, ids.shape[1] :], True))

    def distance(temperature: float, top_p: float) -> float:
        drawn = engine.complete(asked, Sampling(temperature, top_p, 3))
        ours = classes([completion.text for completion in drawn])
        return float(((ours - theirs) ** 2 / (ours + theirs).clip(1)).sum())

    assert distance(1.2, 0.7) < 37.7
    assert min(distance(1.0, 0.7), distance(1.2, 0.9)) > 37.7


def classes(texts: list[str]) -> np.ndarray:
    return np.bincount([zlib.crc32(text.encode()) % 16 for text in texts], minlength=16)


def test_what_is_computed_once_gives_the_same_draws(
    engine: TransformersEngine, problems: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ["", "1 + 2 = 3\n", "1 + 2 = 3\n3 * 4 = 12\n", "1 + 2 = 4\n"]
    prompts = [prompt + step for prompt in problems["prompt"].head(5) for step in steps]
    asked = [Request(p, d, 1000 * i + d) for i, p in enumerate(prompts) for d in range(2)]
    shared = engine.complete(asked, Sampling(1.0, 1.0, 16))
    monkeypatch.setattr(engine, "max_shared_columns", 0)
    apart = engine.complete(asked, Sampling(1.0, 1.0, 16))
    assert [c.text for c in shared] == [c.text for c in apart]
    assert [c.logprob for c in shared] == pytest.approx([c.logprob for c in apart], abs=1e-3)


def test_a_text_is_computed_with_the_longest_that_extends_it() -> None:
    long, fork, other = (1, 2, 3, 4), (1, 2, 9), (2, 3)
    found = longest_extensions([(1, 2), long, (), fork, other, (1, 2, 3), long])
    assert found == {
        **dict.fromkeys([(1, 2, 3), long], long),
        **dict.fromkeys([(1, 2), ()], found[1, 2]),
        fork: fork,
        other: other,
    }
    assert found[1, 2] in (long, fork)


def test_a_long_prompt_leaves_others_their_room(engine: TransformersEngine) -> None:
    asked = [Request("pens " * 120, 0, 1), Request("pens", 0, 1), Request("", 0, 1)]
    together = engine.complete(asked, Sampling(0.0, 1.0, 200))
    alone = [engine.complete([request], Sampling(0.0, 1.0, 200))[0] for request in asked]
    assert [c.text for c in together] == [c.text for c in alone]
    assert all(c.logprob is not None and c.logprob < 0 for c in alone)


def test_a_prompt_that_leaves_no_room_has_no_answer(engine: TransformersEngine) -> None:
    asked = [Request(text, 0, 1) for text in ("pens " * 2000, "pens", "pens " * 2000)]
    full, drawn, again = engine.complete(asked, Sampling(0.0, 1.0, 20))
    assert full == again == Completion("", 0, 0.0, "length")
    assert drawn == engine.complete(asked[1:2], Sampling(0.0, 1.0, 20))[0]
    assert engine.complete(asked[:1], Sampling(0.0, 1.0, 20)) == [full]


def test_a_prompt_and_its_completion_have_one_limit(
    engine: TransformersEngine, checkpoint: Path, problems: pl.DataFrame
) -> None:
    import torch

    short = TransformersEngine(checkpoint, 64, torch.device("cpu"), max_length=48)
    asked = requests(problems, 1)
    for request, done in zip(asked, short.complete(asked, Sampling(0.0, 1.0, 200)), strict=True):
        room = max(48 - len(short.encoder.encode_prompt(request.prompt)), 0)
        assert (done.n_tokens, done.finish) == (room, "length") or done.n_tokens < room
    assert short.version == f"{engine.version}-max48"


@pytest.mark.parametrize(
    ("saved", "wanted", "used"),
    [
        ("float32", "auto", "float32"),
        ("bfloat16", "auto", "bfloat16"),
        ("bfloat16", "float32", "float32"),
        ("float32", "bfloat16", "bfloat16"),
    ],
)
def test_precision_is_chosen_and_part_of_the_version(
    saved: str, wanted: str, used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    (tmp_path / "config.json").write_text(f'{{"dtype": "{saved}"}}')
    assert precision_of(tmp_path, wanted) == used
    assert decoder_version(tmp_path, wanted).endswith(f"-{used}")


def test_logprob_is_the_models_own(engine: TransformersEngine, problems: pl.DataFrame) -> None:
    import torch

    request = requests(problems, 1)[0]
    done = engine.complete([request], Sampling(1.0, 1.0, 8))[0]
    prompt = engine.encoder.encode_prompt(request.prompt)
    ids = engine.encoder.tokenizer(done.text, add_special_tokens=False)["input_ids"]
    if done.finish == "stop":
        ids = [*ids, engine.encoder.tokenizer.eos_token_id]
    with torch.inference_mode():
        logits = engine.model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
    expected = torch.log_softmax(logits, -1).gather(-1, torch.tensor(ids)[:, None]).sum().item()
    retokenised = len(ids) == done.n_tokens + (done.finish == "stop")
    assert not retokenised or done.logprob == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_scores_that_overflow_are_one_line(
    checkpoint: Path, tmp_path: Path, problems: pl.DataFrame, temperature: float
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(checkpoint, tmp_path / "model")
    tensors = load_file(file := tmp_path / "model" / "model.safetensors")
    for name in tensors:
        if "proj" in name:
            tensors[name].fill_(1e30)
    save_file(tensors, file, metadata={"format": "pt"})
    engine = TransformersEngine(tmp_path / "model", 64, torch.device("cpu"))
    with pytest.raises(RatchetError, match="scores of its next tokens are NaN or infinite"):
        engine.complete(requests(problems, 1), Sampling(temperature, 1.0, 4))


def test_a_full_context_ends_by_length(engine: TransformersEngine) -> None:
    done = engine.complete([Request("pens " * 120, 0, 1)], Sampling(1.0, 1.0, 500))
    assert done[0].n_tokens <= 256
