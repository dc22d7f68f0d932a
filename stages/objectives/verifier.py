"""Reward models: a probability at each step's last token (SIPF Eq. 3-4).

A token classifier over problem and path, read where training put the labels: both go through
`encode`, so the position trained is the position scored.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from schemas.table import RatchetError
from stages.cluster import each, need_same
from stages.compute import ComputeSettings, set_up
from stages.encode import Encoded, encode
from stages.identity import folder_digest
from stages.models import load_tokenizer
from stages.objectives.training import Job, Rows
from stages.objectives.whole import part

MASKED = -100.0


def step_losses(logits: Any, labels: Any) -> Any:
    """Mean binary cross-entropy over labelled tokens (Eq. 4); zero when there is none.

    logits, labels: (batch, tokens); labels are probabilities in [0, 1], or -100 elsewhere.
    """
    import torch

    at = labels != MASKED
    entropy = torch.nn.functional.binary_cross_entropy_with_logits
    return entropy(logits[at], labels[at], reduction="sum") / at.sum().clamp(min=1)


def collate(rows: Sequence[dict[str, Any]], pad: int) -> dict[str, Any]:
    """Right-padded tensors input_ids, attention_mask (and labels, if rows have them)."""
    import torch

    width = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, value: float) -> Any:
        return torch.tensor([[*r[name], *[value] * (width - len(r[name]))] for r in rows])

    batch = {"input_ids": padded("input_ids", pad)}
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    batch["attention_mask"] = (torch.arange(width)[None] < lengths[:, None]).long()
    if "labels" in rows[0]:
        batch["labels"] = padded("labels", MASKED).float()
    return batch


def labelled(row: Encoded, labels: Sequence[float]) -> list[float]:
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

    def encoded(part: Rows) -> Any:
        coded: list[dict[str, Any]] = []
        for prompt, steps, labels in part.examples.select("prompt", "steps", "labels").rows():
            row = encode(tokenizer, prompt, steps, max_length, eos=False)
            coded.append({"input_ids": row.ids, "labels": labelled(row, labels)})
        if not any(any(v != MASKED for v in row["labels"]) for row in coded):
            raise RatchetError(f"no step ends within verifier.max_length={max_length}: raise it")
        return Dataset.from_list(coded)

    whole = model.get_base_model() if job.adapter else model
    whole.dropout = torch.nn.Identity()  # the head's own; the labels are noisy enough

    class StepTrainer(Trainer):  # type: ignore[misc]
        """The classifier's own loss is a cross-entropy over classes; this is Eq. 4."""

        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            labels = inputs.pop("labels")
            losses = step_losses(model(**inputs).logits.squeeze(-1).float(), labels)
            return losses * part(self.accelerator, (labels != MASKED).sum())

        def prediction_step(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            with torch.no_grad():
                loss = self.compute_loss(model, self._prepare_inputs(inputs))
            return loss, None, None

    given = Rows(examples=rows)
    trainer = StepTrainer(
        model=model,
        args=TrainingArguments(**job.arguments(given)),
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
        **job.datasets(given, encoded),
    )
    trainer.model_accepts_loss_kwargs = False  # or it would not divide by the batches accumulated
    return job.finish(trainer, tokenizer, given)


class Scorer:
    """A verifier, loaded: the probability of each step of each row of a batch.

    `digest` is the folder's where this may be another machine than the stage's.
    """

    def __init__(
        self, folder: Path, compute: ComputeSettings, seed: int, digest: str | None
    ) -> None:
        from transformers import AutoModelForTokenClassification

        if digest is not None:
            need_same(folder, digest)
        self.device = set_up(compute, seed)
        self.pad = load_tokenizer(folder).pad_token_id
        model = AutoModelForTokenClassification.from_pretrained(folder)
        self.model = model.to(self.device).eval()

    def __call__(self, rows: Sequence[Encoded]) -> list[list[float]]:
        import torch

        batch = collate([{"input_ids": row.ids} for row in rows], self.pad)
        with torch.inference_mode():
            logits = self.model(**{k: v.to(self.device) for k, v in batch.items()}).logits
        probabilities = torch.sigmoid(logits.squeeze(-1).float()).cpu()
        return [probabilities[i, row.step_ends].tolist() for i, row in enumerate(rows)]


def score_steps(
    folder: Path,
    rows: pl.DataFrame,
    batch_size: int,
    max_length: int,
    compute: ComputeSettings,
    seed: int,
) -> list[list[float]]:
    """Probability of each step of each row (prompt, steps); steps cut by max_length have none."""
    set_up(compute, seed)  # before a tokenizer is loaded: it imports torch
    tokenizer = load_tokenizer(folder)
    coded = [
        encode(tokenizer, prompt, steps, max_length, eos=False)
        for prompt, steps in rows.select("prompt", "steps").rows()
    ]
    order = sorted(range(len(coded)), key=lambda i: len(coded[i].ids))
    parts = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    scores: list[list[float]] = [[] for _ in coded]
    batches = [[coded[i] for i in part] for part in parts]
    digest = folder_digest(folder) if compute.ray else None
    given = (folder.resolve(), compute, seed, digest)
    for place, found in each(compute, Scorer, given, batches):
        for i, probabilities in zip(parts[place], found, strict=True):
            scores[i] = probabilities
    return scores
