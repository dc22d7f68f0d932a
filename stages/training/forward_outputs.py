"""What a trainer's own loss computed on the way, for terms that are added to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from transformers import Trainer


class TokenLogProbs(Protocol):
    """What TRL's losses ask a model for (its FusedCausalLMOutput)."""

    # (rows, tokens - 1), nats: of each token after the first, zero outside the completion
    log_probs: torch.Tensor


@contextmanager
def record_forward_outputs(
    trainer: Trainer, model: torch.nn.Module
) -> Iterator[list[TokenLogProbs]]:
    """The outputs of every forward pass inside the block, policy and reference, in their order.

    With adapters the reference is the same module with the adapter switched off, so the hook on it
    records both; otherwise it is the trainer's `ref_model`.
    """
    outputs: list[TokenLogProbs] = []
    modules = [trainer.accelerator.unwrap_model(model)]
    reference = getattr(trainer, "ref_model", None)
    if reference is not None:
        modules.append(reference)
    hooks = [m.register_forward_hook(lambda _, __, out: outputs.append(out)) for m in modules]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
