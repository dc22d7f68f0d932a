"""Sampling: our decoding against `generate()`, and rollouts with what they share computed once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stages.base import seen_texts
from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Request
from stages.models.folders import load_policy
from stages.models.sampling import Sampling
from stages.models.scratch import make_scratch
from stages.models.tokens import Encoder
from tests.bench.case import Case
from tests.fakes.small_settings import scratch_settings
from tests.fakes.toy_problems import toy_problems

DRAWS, NEW_TOKENS, BATCH = 8, 48, 512


def draws(folder: Path) -> Case:
    """1,024 draws of at most 48 tokens with the tiny model's architecture, untrained.

    Hardly a row ends before its 48th token, so little is won by dropping rows that ended.
    """
    prompts = toy_problems(n_train=20).head(128)["prompt"].to_list()
    requests = [Request(p, d, 7919 * i + d) for i, p in enumerate(prompts) for d in range(DRAWS)]
    engine = untrained(folder / "draws")
    model = load_policy(folder / "draws")  # of its own: the engine changes its model's
    written: dict[str, int] = {}

    def ours() -> None:
        done = engine.complete(requests, Sampling(1.0, 1.0, NEW_TOKENS))
        written["ours"] = sum(completion.n_tokens for completion in done)

    def theirs() -> None:
        written["generate()"] = generate(model, engine.encoder, requests)

    return Case(
        f"{len(requests)} draws",
        ours,
        "generate()",
        theirs,
        notes=lambda: [f"{way} wrote {n_tokens} tokens" for way, n_tokens in written.items()],
    )


def rollouts(folder: Path) -> Case:
    """One from each inner step of the long rationales: a round of label.early_stop."""
    problems = toy_problems(n_train=40)
    begun = [
        prompt + "".join(steps[:n_steps])
        for prompt, steps in problems.select("prompt", "rationale").rows()
        for n_steps in range(1, len(steps))
        if len(steps) > 3
    ]
    requests = [Request(prompt, 0, 7919 * i) for i, prompt in enumerate(begun)]
    engine, apart = untrained(folder / "rollouts"), untrained(folder / "rollouts")
    apart.max_shared_columns = 0
    sampling = Sampling(1.0, 1.0, NEW_TOKENS // 3)
    return Case(
        f"{len(requests)} rollouts",
        lambda: engine.complete(requests, sampling),
        "each prefix anew",
        lambda: apart.complete(requests, sampling),
    )


def untrained(folder: Path) -> TransformersEngine:
    """The tiny model as conf/model/tiny.yaml has it, with random weights."""
    import torch

    tiny = {"vocabulary": 512, "width": 96, "layers": 3, "heads": 4, "feed_forward": 256}
    if not folder.exists():
        settings = scratch_settings(**tiny, max_positions=1024)
        make_scratch(settings, seen_texts(toy_problems(n_train=20)), 0, folder)
    return TransformersEngine(folder, BATCH, torch.device("cpu"))


def generate(model: Any, encoder: Encoder, requests: Sequence[Request]) -> int:
    """Tokens written by generate() with the same batches, sorted by length, EOS known to it."""
    import torch

    rows = sorted((encoder.encode_prompt(request.prompt) for request in requests), key=len)
    pad, n_tokens = encoder.pad_token_id, 0
    for first in range(0, len(rows), BATCH):
        part = rows[first : first + BATCH]
        width = max(map(len, part))
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in part])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in part])
        with torch.inference_mode():
            out = model.generate(
                ids,
                attention_mask=mask,
                do_sample=True,
                top_k=0,
                max_new_tokens=NEW_TOKENS,
                eos_token_id=encoder.end_token,
                pad_token_id=pad,
            )[:, width:]
        ended = (out == encoder.end_token).cumsum(-1) > 0
        n_tokens += int((~ended).sum())
    return n_tokens
