"""Reward models: a probability at each step's last token (SIPF Eq. 3-4).

A token classifier over problem and path, read where training put the labels: both go through
`encode`, so the position trained is the position scored.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.models.collate import MASKED, collate
from stages.models.tokens import Encoded, encode
from stages.training.job import Job
from stages.training.process_mean import process_weight
from stages.training.rows import Rows


def step_cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean binary cross-entropy over labelled tokens (Eq. 4); zero when there is none.

    logits, labels: (batch, tokens); labels are probabilities in [0, 1], or -100 elsewhere.
    """
    import torch

    has_label = labels != MASKED
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    return entropy(logits[has_label], labels[has_label], reduction="sum") / has_label.sum().clamp(
        min=1
    )


def token_labels(row: Encoded, labels: Sequence[float]) -> list[float]:
    """Labels by token: the k-th label at the k-th step's last token; cut steps have none."""
    by_token = [MASKED] * len(row.ids)
    for end, value in zip(row.step_ends, labels, strict=False):
        by_token[end] = float(value)
    return by_token


def train_verifier(job: Job, rows: pl.DataFrame) -> pl.DataFrame:
    """Trains on rows (path_id, prompt, steps, labels: list of 0/1 or shares); returns losses.

    A process reward model has each step's own label, an outcome reward model the path's outcome
    at every step (arXiv 2110.14168, 4.2).
    """
    import torch
    from datasets import Dataset
    from transformers import Trainer, TrainingArguments

    model, tokenizer = job.load("AutoModelForTokenClassification", num_labels=1)
    max_length = job.settings.max_length

    def token_dataset(split: Rows) -> Any:
        coded: list[dict[str, Any]] = []
        for prompt, steps, labels in split.examples.select("prompt", "steps", "labels").rows():
            row = encode(tokenizer, prompt, steps, max_length, eos=False)
            coded.append({"input_ids": row.ids, "labels": token_labels(row, labels)})
        if not any(any(v != MASKED for v in row["labels"]) for row in coded):
            raise RatchetError(f"no step ends within verifier.max_length={max_length}: raise it")
        return Dataset.from_list(coded)

    base_model = model.get_base_model() if job.adapter else model
    base_model.dropout = torch.nn.Identity()  # the head's own; the labels are noisy enough

    class StepTrainer(Trainer):  # type: ignore[misc]
        """The classifier's own loss is a cross-entropy over classes; this is Eq. 4."""

        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            labels = inputs.pop("labels")
            loss = step_cross_entropy(model(**inputs).logits.squeeze(-1).float(), labels)
            return loss * process_weight(self.accelerator, (labels != MASKED).sum())

        def prediction_step(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            with torch.no_grad():
                loss = self.compute_loss(model, self._prepare_inputs(inputs))
            return loss, None, None

    given = Rows(examples=rows)
    trainer = StepTrainer(
        model=model,
        args=TrainingArguments(**job.arguments(given)),
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
        **job.datasets(given, token_dataset),
    )
    trainer.model_accepts_loss_kwargs = False  # or it would not divide by the batches accumulated
    return job.finish(trainer, tokenizer, given)
