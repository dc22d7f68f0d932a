"""Means over a batch that is split between several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator


def process_weight(accelerator: Accelerator, count: torch.Tensor) -> torch.Tensor:
    """The weight () that turns a mean over `count` () terms here into its share of the whole mean.

    Losses and gradients are averaged over processes as if each had equally many terms. Multiplied
    by processes * count / all counts, a mean over unequal counts comes out right. The weight is one
    if there is one process.
    """
    import torch

    here = torch.as_tensor(count, device=accelerator.device).reshape(1)  # (1,)
    everywhere = accelerator.gather(here).sum().clamp(min=1)  # (), gathered: (processes,)
    weight: torch.Tensor = accelerator.num_processes * here[0] / everywhere
    return weight
