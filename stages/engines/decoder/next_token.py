"""Which token comes next: a random stream for each draw, and a distribution inverted at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stages.models.sampling import Sampling

if TYPE_CHECKING:
    import torch

BLOCK = 64  # tokens summed at once
FIRST_LOOK = 256  # likeliest tokens that are searched for a nucleus first


def uniforms(seeds: NDArray[np.uint64], step: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each seed (draws,) at a step: SplitMix64 at position `step`."""
    with np.errstate(over="ignore"):
        z = seeds + np.uint64(0x9E3779B97F4A7C15) * np.uint64(step + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def choose(
    logits: torch.Tensor, uniform: NDArray[np.float64], sampling: Sampling
) -> tuple[torch.Tensor, torch.Tensor]:
    """Next tokens (rows,) by inverting the cumulative distribution, and their log-probabilities.

    logits: (rows, vocabulary); uniform: (rows,), in [0, 1). The log-probability (rows,), float64
    and in nats, is the model's own, at temperature 1 and over the whole vocabulary.
    """
    import torch

    logits = logits.float()
    top, best = logits.max(dim=-1, keepdim=True)  # (rows, 1)
    weights = (logits - top).exp_()  # (rows, vocabulary)
    total = _block_sums(_blocks(weights)).sum(dim=-1)  # (rows,)
    if sampling.temperature == 0:
        tokens = best.squeeze(-1)  # (rows,)
    else:
        if sampling.temperature != 1:
            weights = ((logits - top) / sampling.temperature).exp_()
        if sampling.top_p < 1:
            weights = nucleus(weights, sampling.top_p)
        tokens = invert(weights, torch.as_tensor(uniform, device=logits.device))
    chosen = logits.gather(-1, tokens[:, None]) - top  # (rows, 1)
    return tokens, chosen.squeeze(-1).double() - total.log()  # both (rows,)


def invert(weights: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """The first token (rows,) of each row at which the sum passes `uniform` times the whole.

    weights: (rows, vocabulary); uniform: (rows,), float64 in [0, 1). Blocks are summed first and
    only the chosen block token by token, so float64, which keeps a large vocabulary's tail exact,
    costs little.
    """
    import torch

    blocks = _blocks(weights)  # (rows, blocks, BLOCK)
    ends = _block_sums(blocks).cumsum(dim=-1)  # (rows, blocks)
    aim = uniform * ends[:, -1]  # (rows,)
    block, before = _find_crossing(ends, aim)
    rows = torch.arange(len(weights), device=weights.device)
    token_ends = blocks[rows, block].double().cumsum(dim=-1)  # (rows, BLOCK)
    token, _ = _find_crossing(token_ends, aim - before)
    return (block * BLOCK + token).clamp(max=weights.shape[-1] - 1)  # beyond it is NaN's only


def _blocks(weights: torch.Tensor) -> torch.Tensor:
    import torch

    n_rows, n_tokens = weights.shape
    padded = torch.nn.functional.pad(weights, (0, -n_tokens % BLOCK))  # (rows, blocks * BLOCK)
    return padded.view(n_rows, -1, BLOCK)  # (rows, blocks, BLOCK)


def _block_sums(blocks: torch.Tensor) -> torch.Tensor:
    return blocks.sum(dim=-1).double()  # (rows, blocks)


def _find_crossing(ends: torch.Tensor, aim: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where each row's sums first pass the aim, and the sum before; rounding can't lead beyond.

    ends: (rows, sums), rising; aim: (rows,). Returns (rows,) twice: the last index for NaN.
    """
    import torch

    below = torch.nextafter(ends[:, -1], torch.zeros_like(aim))  # (rows,)
    index = torch.searchsorted(ends, torch.minimum(aim, below)[:, None], right=True)  # (rows, 1)
    index = index.clamp(max=ends.shape[-1] - 1)
    before = torch.where(index > 0, ends.gather(-1, (index - 1).clamp(min=0)), 0.0)  # (rows, 1)
    return index.squeeze(-1), before.squeeze(-1)  # both (rows,)


def nucleus(weights: torch.Tensor, top_p: float) -> torch.Tensor:
    """Zeroes all but the smallest set of tokens whose share of the weight reaches `top_p`.

    weights, and what is returned: (rows, vocabulary).
    """
    import torch

    n_tokens, count = weights.shape[-1], FIRST_LOOK
    wanted = top_p * weights.sum(dim=-1, dtype=torch.float64, keepdim=True)  # (rows, 1)
    while True:  # sorting a large vocabulary for the few tokens that matter would cost most
        ordered, index = weights.topk(min(count, n_tokens), dim=-1)  # (rows, count)
        sums = ordered.double().cumsum(dim=-1)  # (rows, count)
        if count >= n_tokens or bool((sums[:, -1:] >= wanted).all()):
            break
        count *= 16
    kept = ordered.masked_fill(sums - ordered >= wanted, 0.0)  # (rows, count)
    return torch.zeros_like(weights).scatter(-1, index, kept)  # (rows, vocabulary)
