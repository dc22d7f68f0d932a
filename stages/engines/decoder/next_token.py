"""Which token comes next: a random stream for each draw, and a distribution inverted at it."""

from typing import Any

import numpy as np

from stages.models.sampling import Sampling

BLOCK = 64  # tokens summed at once
FIRST_LOOK = 256  # likeliest tokens among which a nucleus is looked for first


def uniforms(seeds: np.ndarray, step: int) -> np.ndarray:
    """A number in [0, 1) for each seed (uint64) at a step: SplitMix64 at position `step`."""
    with np.errstate(over="ignore"):
        z = seeds + np.uint64(0x9E3779B97F4A7C15) * np.uint64(step + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def choose(logits: Any, uniform: np.ndarray, sampling: Sampling) -> tuple[Any, Any]:
    """Next tokens (rows,) by inverting the cumulative distribution, and their log-probabilities.

    The log-probability is the model's own, at temperature 1 and over the whole vocabulary.
    """
    import torch

    logits = logits.float()
    top, best = logits.max(dim=-1, keepdim=True)
    weights = (logits - top).exp_()
    total = _block_sums(_blocks(weights)).sum(dim=-1)
    if sampling.temperature == 0:
        tokens = best.squeeze(-1)
    else:
        if sampling.temperature != 1:
            weights = ((logits - top) / sampling.temperature).exp_()
        if sampling.top_p < 1:
            weights = nucleus(weights, sampling.top_p)
        tokens = invert(weights, torch.as_tensor(uniform, device=logits.device))
    chosen = logits.gather(-1, tokens[:, None]) - top
    return tokens, chosen.squeeze(-1).double() - total.log()


def invert(weights: Any, uniform: Any) -> Any:
    """The first token of each row (rows, tokens) at which the sum passes uniform * the whole.

    Sums of blocks come first: only the chosen block is summed token by token, so that float64,
    which keeps a large vocabulary's tail exact, costs little.
    """
    import torch

    blocks = _blocks(weights)
    ends = _block_sums(blocks).cumsum(dim=-1)
    aim = uniform * ends[:, -1]
    block, before = _find_crossing(ends, aim)
    rows = torch.arange(len(weights), device=weights.device)
    token, _ = _find_crossing(blocks[rows, block].double().cumsum(dim=-1), aim - before)
    return block * BLOCK + token


def _blocks(weights: Any) -> Any:
    import torch

    n_rows, n_tokens = weights.shape
    return torch.nn.functional.pad(weights, (0, -n_tokens % BLOCK)).view(n_rows, -1, BLOCK)


def _block_sums(blocks: Any) -> Any:
    return blocks.sum(dim=-1).double()


def _find_crossing(ends: Any, aim: Any) -> tuple[Any, Any]:
    """Where each row's sums first pass the aim, and the sum before; rounding can't lead beyond."""
    import torch

    below = torch.nextafter(ends[:, -1], torch.zeros_like(aim))
    index = torch.searchsorted(ends, torch.minimum(aim, below)[:, None], right=True)
    before = torch.where(index > 0, ends.gather(-1, (index - 1).clamp(min=0)), 0.0)
    return index.squeeze(-1), before.squeeze(-1)


def nucleus(weights: Any, top_p: float) -> Any:
    """Zeroes all but the smallest set of tokens whose share of the weight reaches top_p."""
    import torch

    n_tokens, count = weights.shape[-1], FIRST_LOOK
    wanted = top_p * weights.sum(dim=-1, dtype=torch.float64, keepdim=True)
    while True:  # sorting a large vocabulary for the few tokens that matter would cost most
        ordered, index = weights.topk(min(count, n_tokens), dim=-1)
        sums = ordered.double().cumsum(dim=-1)
        if count >= n_tokens or bool((sums[:, -1:] >= wanted).all()):
            break
        count *= 16
    kept = ordered.masked_fill(sums - ordered >= wanted, 0.0)
    return torch.zeros_like(weights).scatter(-1, index, kept)
