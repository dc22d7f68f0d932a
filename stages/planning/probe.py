"""How fast this machine writes and trains, measured for some seconds with the model at hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stages.models.model_settings import Shape
from stages.planning.planned_run import Run, StagePlan
from stages.planning.shapes import count_parameters

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM

SECONDS = 5.0  # of each measurement, at least one step
ROWS, TOKENS = 8, 128  # of a batch that is trained on
TRAINING = ("base", "sft", "simulator", "verifier", "align")


@dataclass(frozen=True)
class Speeds:
    """Tokens per second: written by a full batch of draws, and trained on."""

    decoding: float
    training: float


def measure_speeds(run: Run) -> Speeds:
    """Decodes and trains a Llama of the policy's shape with random weights: as fast as the model.

    Attention to long texts and full engines such as vLLM are not part of it, so it says how long
    about, not how long exactly.
    """
    import torch

    from stages.compute.compute_settings import set_up

    device = set_up(run.p.compute, 0)
    model = random_model(run.shape).to(device)
    rows = min(run.p.engine.batch_size if hasattr(run.p.engine, "batch_size") else 64, 256)
    with torch.inference_mode():
        decoding = rows * _rate(_decoding_step(model, rows, run.shape, device))
    training = ROWS * TOKENS * _rate(_training_step(model, run.shape, device))
    return Speeds(decoding, training)


def random_model(shape: Shape) -> LlamaForCausalLM:
    """A Llama of this shape."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward * (3 if shape.gated else 2) // 3,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=min(shape.max_positions, 4096),
        tie_word_embeddings=shape.tied,
    )
    return LlamaForCausalLM(config)


def _rate(step: Callable[[], None]) -> float:
    """Steps per second, after one to warm up."""
    step()
    started, count = time.perf_counter(), 0
    while count == 0 or time.perf_counter() - started < SECONDS:
        step()
        count += 1
    return count / (time.perf_counter() - started)


def _decoding_step(
    model: LlamaForCausalLM, rows: int, shape: Shape, device: torch.device
) -> Callable[[], None]:
    import torch
    from transformers import DynamicCache

    ids = torch.randint(shape.vocabulary, (rows, 1), device=device)  # (rows, 1)
    model.eval()
    cache = DynamicCache()

    def step() -> None:
        nonlocal cache
        if cache.get_seq_length() >= min(TOKENS, shape.max_positions - 1):
            cache = DynamicCache()
        model(input_ids=ids, past_key_values=cache, use_cache=True).logits.cpu()

    return step


def _training_step(
    model: LlamaForCausalLM, shape: Shape, device: torch.device
) -> Callable[[], None]:
    import torch

    ids = torch.randint(shape.vocabulary, (ROWS, TOKENS), device=device)  # (rows, tokens)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.0)
    model.train()

    def step() -> None:
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def seconds(plan: StagePlan, speeds: Speeds, run: Run) -> float | None:
    """How long a stage of the plan takes on this machine; None if that is not known.

    By the lengths measured so far if there are any, else at most. A remote model, and a simulator
    of another size, are estimated by their parameters.
    """
    tokens = plan.work.expected or plan.work.tokens
    if tokens is None or plan.memory is None:
        return None
    rate = speeds.training if plan.stage in TRAINING else speeds.decoding
    return tokens / rate * _relative_size(plan, run)


def _relative_size(plan: StagePlan, run: Run) -> float:
    """Parameters of the stage's model by those of the policy."""
    from stages.planning.shapes import simulator_shape

    helper = simulator_shape(run.p.model, run.p.simulator, run.shape)
    other = plan.stage in ("label", "simulator") or (
        plan.stage == "verifier" and run.p.model.verifier == "simulator"
    )
    return count_parameters(helper) / count_parameters(run.shape) if other and helper else 1.0
