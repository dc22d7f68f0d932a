"""A loaded verifier and the probability that it gives each step (SIPF §2.3, Eq. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from stages.compute.compute_settings import ComputeSettings, set_up
from stages.compute.ray_cluster import map_items, require_same_model
from stages.models.collate import collate
from stages.models.folders import load_tokenizer
from stages.models.tokens import Encoded, Encoder
from stages.models.weights import load_model
from stages.pipeline.digests import folder_digest


class Scorer:
    """A loaded verifier: the probability of each step of each row of a batch.

    `digest` is the model folder's digest, given if this may run on another machine than the stage;
    then RatchetError is raised if the folder here differs.
    """

    def __init__(
        self, folder: Path, compute: ComputeSettings, seed: int, digest: str | None
    ) -> None:
        if digest is not None:
            require_same_model(folder, digest)
        self.device = set_up(compute, seed)
        self.pad = load_tokenizer(folder).pad_token_id
        model = load_model(folder, "AutoModelForTokenClassification")
        self.model = model.to(self.device).eval()

    def __call__(self, rows: Sequence[Encoded]) -> list[list[float]]:
        """The probability of each step of each row, at the step's last token."""
        import torch

        batch = collate([{"input_ids": row.ids} for row in rows], self.pad)
        with torch.inference_mode():
            # (rows, tokens, 1)
            logits = self.model(**{k: v.to(self.device) for k, v in batch.items()}).logits
        probabilities = torch.sigmoid(logits.squeeze(-1).float()).cpu()  # (rows, tokens)
        return [probabilities[i, row.step_ends].tolist() for i, row in enumerate(rows)]


def score_steps(
    folder: Path,
    rows: pl.DataFrame,
    batch_size: int,
    max_length: int,
    compute: ComputeSettings,
    seed: int,
) -> list[list[float]]:
    """The probability of each step of each row (prompt, steps); steps cut off have none."""
    set_up(compute, seed)  # before a tokenizer is loaded: it imports torch
    encoder = Encoder.load(folder)
    coded = [
        encoder.encode(prompt, steps, max_length, ends=False)
        for prompt, steps in rows.select("prompt", "steps").rows()
    ]
    order = sorted(range(len(coded)), key=lambda i: len(coded[i].ids))
    index_batches = [
        order[first : first + batch_size] for first in range(0, len(order), batch_size)
    ]
    scores: list[list[float]] = [[] for _ in coded]
    batches = [[coded[i] for i in indices] for indices in index_batches]
    digest = folder_digest(folder) if compute.ray else None
    scorer_arguments = (folder.resolve(), compute, seed, digest)
    for index, batch_scores in map_items(compute, Scorer, scorer_arguments, batches):
        for i, probabilities in zip(index_batches[index], batch_scores, strict=True):
            scores[i] = probabilities
    return scores
