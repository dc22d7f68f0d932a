"""Attention of one new token per row where several heads share keys (Llama, Gemma, Qwen, …).

PyTorch's attention is given as many keys as queries by copying the shared keys and values for
each head, at every token. Here the heads that share keys stand where further tokens of one head
would: the same sums, no copy.
"""

from typing import Any

NAME = "sdpa_folded"  # under which transformers knows it


def fold_heads(model: Any) -> None:
    """Makes a model that uses PyTorch's attention use this one. Others are left alone."""
    from transformers import AttentionInterface, AttentionMaskInterface

    if model.config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, decoding_mask)
        model.set_attn_implementation(NAME)


def decoding_mask(*sizes: Any, **options: Any) -> Any:
    """The mask of one forward pass: a new token's as numbers, or each layer would convert it."""
    import torch
    from transformers.masking_utils import sdpa_mask

    mask = sdpa_mask(*sizes, **options)
    if mask is None or mask.shape[2] > 1:
        return mask
    dtype = options["dtype"]
    numbers = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    return numbers.masked_fill_(~mask, torch.finfo(dtype).min)


def attend(module: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any) -> Any:
    """(rows, tokens, heads, width) and no weights, from query, key and value (rows, heads, …)."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    rows, heads, n_new, width = query.shape
    kv_heads = key.shape[1]
    simple = mask is None or mask.shape[1] == 1
    if n_new > 1 or heads == kv_heads or not simple or options.get("position_bias") is not None:
        return sdpa_attention_forward(module, query, key, value, mask, **options)
    folded = query.reshape(rows, kv_heads, heads // kv_heads, width)
    output = torch.nn.functional.scaled_dot_product_attention(
        folded, key, value, attn_mask=mask, scale=options.get("scaling")
    )
    return output.reshape(rows, 1, heads, -1), None
