"""How many tokens a training run reads with gradients: prompts and completions, without padding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import Trainer


@contextmanager
def count_tokens(trainer: Trainer) -> Iterator[None]:
    """Adds them to `trainer.state.num_input_tokens_seen`, which checkpoints keep.

    Both sides of a pair count; a reference model's pass and a KL estimate do not. Several processes
    count all their tokens together.
    """
    import torch

    def count(_: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not torch.is_grad_enabled():
            return
        ids = args[0] if args else kwargs["input_ids"]  # (rows, tokens)
        mask = kwargs.get("attention_mask")
        here = torch.as_tensor(ids.numel() if mask is None else mask.sum(), device=ids.device)
        trainer.state.num_input_tokens_seen += int(trainer.accelerator.gather(here).sum())

    hook = trainer.model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()
