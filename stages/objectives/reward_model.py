"""Reward models: a probability at each step's last token (SIPF §2.3, Eq. 3-4).

A token classifier reads problem and path. Training and scoring both go through `encode`, so the
positions that are scored are those that had labels in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from schemas.errors import RatchetError
from stages.models.collate import MASKED, collate
from stages.models.tokens import Encoded
from stages.training.job import Job
from stages.training.process_mean import process_weight
from stages.training.rows import Rows

if TYPE_CHECKING:
    import torch
    from datasets import Dataset


def step_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy () over labelled tokens (SIPF Eq. 4), in nats; 0 if none has one.

    logits, labels: (rows, tokens); a label is a probability in [0, 1], or -100 for no label.
    """
    import torch

    has_label = labels != MASKED  # (rows, tokens)
    total = torch.nn.functional.binary_cross_entropy_with_logits(
        logits[has_label], labels[has_label], reduction="sum"
    )  # (), over (labelled tokens,)
    return total / has_label.sum().clamp(min=1)


def token_labels(row: Encoded, labels: Sequence[float]) -> list[float]:
    """A label per token: the k-th label at the k-th step's last token, -100 at all others.

    Steps that were cut off have no token, so their labels are left out.
    """
    by_token = [MASKED] * len(row.ids)
    for end, value in zip(row.step_ends, labels, strict=False):
        by_token[end] = float(value)
    return by_token


def train_verifier(job: Job, rows: pl.DataFrame) -> pl.DataFrame:
    """Trains on rows (path_id, prompt, steps, labels: list of 0/1 or shares); returns `losses`.

    A process reward model learns each step's own label, an outcome reward model the path's outcome
    at every step (arXiv 2110.14168, §4.2). Raises RatchetError if no label is left to learn.
    """
    import torch
    from datasets import Dataset
    from transformers import Trainer, TrainingArguments

    model, encoder = job.load("AutoModelForTokenClassification", num_labels=1)
    max_length = job.settings.max_length

    def token_dataset(split: Rows) -> Dataset:
        coded: list[dict[str, Sequence[float]]] = []
        for prompt, steps, labels in split.examples.select("prompt", "steps", "labels").rows():
            row = encoder.encode(prompt, steps, max_length, ends=False)
            coded.append({"input_ids": row.ids, "labels": token_labels(row, labels)})
        if not any(any(label != MASKED for label in row["labels"]) for row in coded):
            raise RatchetError(f"no step ends within verifier.max_length={max_length}: raise it")
        return Dataset.from_list(coded)

    base_model = model.get_base_model() if job.adapter else model
    base_model.dropout = torch.nn.Identity()  # the head's own; the labels are noisy enough

    class StepTrainer(Trainer):  # type: ignore[misc]
        """The classifier's own loss is a cross-entropy over classes; this is Eq. 4."""

        def compute_loss(
            self,
            model: torch.nn.Module,
            inputs: dict[str, torch.Tensor],
            *_: object,
            **__: object,
        ) -> torch.Tensor:
            """A batch's loss (); inputs are (rows, tokens) each."""
            labels = inputs.pop("labels")
            logits = model(**inputs).logits.squeeze(-1).float()  # (rows, tokens)
            loss = step_cross_entropy(logits, labels)
            return loss * process_weight(self.accelerator, (labels != MASKED).sum())

        def prediction_step(
            self,
            model: torch.nn.Module,
            inputs: dict[str, torch.Tensor],
            *_: object,
            **__: object,
        ) -> tuple[torch.Tensor, None, None]:
            """(loss, no logits, no labels) of a held-out batch."""
            with torch.no_grad():
                loss = self.compute_loss(model, self._prepare_inputs(inputs))
            return loss, None, None

    given = Rows(examples=rows)
    trainer = StepTrainer(
        model=model,
        args=TrainingArguments(**job.arguments(given)),
        data_collator=lambda batch: collate(batch, encoder.pad_token_id),
        **job.datasets(given, token_dataset),
    )
    # if True, the trainer would not divide by the number of accumulated batches
    trainer.model_accepts_loss_kwargs = False
    return job.finish(trainer, encoder, given)
