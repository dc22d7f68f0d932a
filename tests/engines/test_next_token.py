"""Choosing a token: streams of their own, the distribution inverted, a nucleus."""

import numpy as np
import pytest

from stages.engines.decoder.next_token import BLOCK, choose, invert, nucleus, uniforms
from stages.models.sampling import Sampling


def test_choices_follow_the_distribution() -> None:
    import torch

    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    seeds = np.arange(40_000, dtype=np.uint64)
    tokens, _ = choose(logits.expand(len(seeds), -1), uniforms(seeds, 3), Sampling(0.7, 1.0, 1))
    shares = torch.bincount(tokens, minlength=4) / len(seeds)
    assert torch.allclose(shares, torch.softmax(logits[0] / 0.7, -1), atol=0.01)


def test_uniforms_differ_by_seed_and_step_and_fill_the_interval() -> None:
    numbers = np.stack([uniforms(np.arange(2000, dtype=np.uint64), step) for step in range(5)])
    assert len(np.unique(numbers)) == numbers.size
    assert 0 <= numbers.min() < 0.01 and 0.99 < numbers.max() < 1
    assert abs(np.corrcoef(numbers[0], numbers[1])[0, 1]) < 0.08


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, 1), (0.5, 1), (0.6, 2), (0.8, 2), (0.81, 3), (0.99, 4)]
)
def test_nucleus_keeps_the_fewest_tokens_that_reach_top_p(top_p: float, kept: int) -> None:
    import torch

    probabilities = torch.tensor([[0.5, 0.05, 0.3, 0.15]], dtype=torch.float64)
    assert int((nucleus(probabilities, top_p) > 0).sum()) == kept


@pytest.mark.parametrize("n_tokens", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_only_tokens_with_weight_are_chosen(n_tokens: int) -> None:
    import torch

    weights = torch.zeros(n_tokens, n_tokens)
    weights.fill_diagonal_(1e-30)
    for uniform in (0.0, 0.5, 1 - 2.0**-53):
        tokens = invert(weights, torch.full((n_tokens,), uniform, dtype=torch.float64))
        assert tokens.tolist() == list(range(n_tokens))


def test_blocks_choose_what_one_sum_over_all_tokens_would() -> None:
    import torch

    rng = torch.Generator().manual_seed(0)
    weights = torch.randn(2000, 777, generator=rng).mul(3).exp()
    uniform = torch.rand(2000, dtype=torch.float64, generator=rng)
    cumulative = weights.double().cumsum(-1)
    plain = torch.searchsorted(cumulative, uniform[:, None] * cumulative[:, -1:], right=True)
    assert (invert(weights, uniform) == plain.squeeze(-1)).double().mean() > 0.999


def test_a_nucleus_wider_than_the_first_look_is_found() -> None:
    import torch

    logits = torch.linspace(0, 0.1, 5000).expand(2, -1).clone()
    logits[1, 0] = 12.0
    kept = nucleus(torch.softmax(logits, -1), 0.9) > 0
    assert kept.sum(-1).tolist() == [pytest.approx(4500, abs=60), 1]
    assert bool(kept[0, -1]) and not bool(kept[0, 0])
