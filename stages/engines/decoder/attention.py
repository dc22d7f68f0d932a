"""Attention of one new token per row where several heads share keys (Llama, Gemma, Qwen, …).

PyTorch's attention copies the shared keys and values once per head, at every token, so that there
are as many keys as queries. Here the heads that share keys take the place of further tokens of one
head: the same sums without a copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

NAME = "sdpa_folded"  # transformers knows it under this name


def fold_heads(model: PreTrainedModel) -> None:
    """Makes a model that uses PyTorch's attention use this one; other models are left alone."""
    from transformers import AttentionInterface, AttentionMaskInterface

    if model.config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, decoding_mask)
        model.set_attn_implementation(NAME)


def decoding_mask(*sizes: int, **options: Any) -> torch.Tensor | None:
    """The mask (rows, 1, new tokens, all tokens) of one forward pass; None if nothing is masked.

    For one new token it holds numbers in place of booleans: each layer would convert it otherwise.
    """
    import torch
    from transformers.masking_utils import sdpa_mask

    mask: torch.Tensor | None = sdpa_mask(*sizes, **options)
    if mask is None or mask.shape[2] > 1:
        return mask
    dtype = options["dtype"]
    numbers = torch.zeros(mask.shape, dtype=dtype, device=mask.device)  # (rows, 1, 1, all tokens)
    return numbers.masked_fill_(~mask, torch.finfo(dtype).min)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention's output (rows, new tokens, heads, width), and no weights.

    query: (rows, heads, new tokens, width); key, value: (rows, heads of keys, all tokens, width);
    mask: (rows, 1 or heads, new tokens, all tokens), or None.
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    rows, heads, n_new, width = query.shape
    kv_heads = key.shape[1]
    simple = mask is None or mask.shape[1] == 1
    if n_new > 1 or heads == kv_heads or not simple or options.get("position_bias") is not None:
        plain: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, mask, **options
        )
        return plain
    # (rows, heads of keys, heads that share one, width)
    folded = query.reshape(rows, kv_heads, heads // kv_heads, width)
    output = torch.nn.functional.scaled_dot_product_attention(
        folded, key, value, attn_mask=mask, scale=options.get("scaling")
    )
    return output.reshape(rows, 1, heads, -1), None  # (rows, 1, heads, width)
