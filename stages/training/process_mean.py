"""Means over a batch of which several processes hold parts."""

from typing import Any


def process_weight(accelerator: Any, count: Any) -> Any:
    """What makes a mean over `count` terms here a part of the mean over all processes' terms.

    Losses and gradients are averaged over processes as if each had as many terms: a mean times
    processes * count / all counts comes out right. It is one where a process is alone.
    """
    import torch

    here = torch.as_tensor(count, device=accelerator.device).reshape(1)
    everywhere = accelerator.gather(here).sum().clamp(min=1)
    return accelerator.num_processes * here[0] / everywhere
