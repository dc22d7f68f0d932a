"""Log-likelihood of given texts under a causal model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from stages.models.collate import collate
from stages.models.folders import load_policy
from stages.models.tokens import Encoder

if TYPE_CHECKING:
    import torch


def negative_log_likelihoods(
    folder: Path, texts: pl.DataFrame, batch_size: int, max_length: int, device: torch.device
) -> list[tuple[int, float | None]]:
    """(number of tokens, their mean negative log-likelihood in nats) of each row's text.

    Rows have a prompt and a text. Only the text's tokens count, each given the prompt and the
    tokens before it, without EOS. A text whose tokens are all cut by `max_length` has (0, None).
    """
    import torch

    model, encoder = load_policy(folder), Encoder.load(folder)
    model.to(device).eval()
    coded = [
        encoder.encode(prompt, [text], max_length, ends=False)
        for prompt, text in texts.select("prompt", "text").rows()
    ]
    means: list[tuple[int, float | None]] = [(0, None)] * len(coded)
    order = sorted(range(len(coded)), key=lambda i: len(coded[i].ids))
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            indices = order[start : start + batch_size]
            batch = collate([{"input_ids": coded[i].ids} for i in indices], encoder.pad_token_id)
            batch = {name: values.to(device) for name, values in batch.items()}
            logits = model(**batch).logits[:, :-1].float()  # (rows, tokens - 1, vocabulary)
            targets = batch["input_ids"][:, 1:, None]  # (rows, tokens - 1, 1)
            # (rows, tokens - 1): column j has the log-probability of token j + 1
            log_probs = logits.gather(-1, targets).squeeze(-1) - logits.logsumexp(-1)
            for row, i in enumerate(indices):
                first, end = max(1, coded[i].n_prompt), len(coded[i].ids)
                if end > first:
                    mean = -log_probs[row, first - 1 : end - 1].double().mean().item()
                    means[i] = (end - first, mean)
    return means
