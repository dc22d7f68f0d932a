"""Sampling: our decoding loop against `generate()`, same model, prompts and number of draws."""

from pathlib import Path

from stages.base import seen_texts
from stages.encode import encode_prompt
from stages.engines.engine import Request, Sampling
from stages.engines.transformers_engine import TransformersEngine
from stages.scratch import make_scratch
from tests.bench.case import Case
from tests.conftest import scratch, toy_problems

DRAWS, NEW_TOKENS = 8, 48


def case(folder: Path) -> Case:
    """1,024 draws of at most 48 tokens with the tiny model's architecture, untrained."""
    import torch

    problems = toy_problems(n_train=20).head(128)
    tiny = {"vocabulary": 512, "width": 96, "layers": 3, "heads": 4, "feed_forward": 256}
    settings = scratch(**tiny, max_positions=1024)
    make_scratch(settings, seen_texts(problems), 0, folder / "model")
    engine = TransformersEngine(folder / "model", 512, torch.device("cpu"))
    prompts = problems["prompt"].to_list()
    requests = [Request(p, d, 7919 * i + d) for i, p in enumerate(prompts) for d in range(DRAWS)]

    def ours() -> object:
        return engine.complete(requests, Sampling(1.0, 1.0, NEW_TOKENS))

    def generate() -> None:
        rows = [encode_prompt(engine.tokenizer, r.prompt) for r in requests]
        for first in range(0, len(rows), 512):
            part = rows[first : first + 512]
            width = max(map(len, part))
            ids = torch.tensor([[0] * (width - len(row)) + row for row in part])
            mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in part])
            engine.model.generate(
                ids, attention_mask=mask, do_sample=True, max_new_tokens=NEW_TOKENS
            )

    return Case(f"{len(requests)} draws", ours, "generate()", generate)
