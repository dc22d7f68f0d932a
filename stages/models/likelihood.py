"""Log-likelihood of given texts under a causal model."""

from pathlib import Path
from typing import Any

import polars as pl

from stages.models.collate import collate
from stages.models.folders import load_policy
from stages.models.tokens import encode


def negative_log_likelihoods(
    folder: Path, texts: pl.DataFrame, batch_size: int, max_length: int, device: Any
) -> list[tuple[int, float | None]]:
    """(tokens read, their mean negative log-likelihood in nats) of each row's text.

    Rows have a prompt and a text; only the text's tokens count, given the prompt and each other,
    without EOS. A text that max_length leaves no token of has (0, None).
    """
    import torch

    model, tokenizer = load_policy(folder)
    model.to(device).eval()
    coded = [
        encode(tokenizer, prompt, [text], max_length, eos=False)
        for prompt, text in texts.select("prompt", "text").rows()
    ]
    found: list[tuple[int, float | None]] = [(0, None)] * len(coded)
    order = sorted(range(len(coded)), key=lambda i: len(coded[i].ids))
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            indices = order[start : start + batch_size]
            batch = collate([{"input_ids": coded[i].ids} for i in indices], tokenizer.pad_token_id)
            batch = {name: values.to(device) for name, values in batch.items()}
            logits = model(**batch).logits[:, :-1].float()
            targets = batch["input_ids"][:, 1:, None]
            chosen = logits.gather(-1, targets).squeeze(-1) - logits.logsumexp(-1)
            for row, i in enumerate(indices):
                first, end = max(1, coded[i].n_prompt), len(coded[i].ids)
                if end > first:
                    mean = -chosen[row, first - 1 : end - 1].double().mean().item()
                    found[i] = (end - first, mean)
    return found
