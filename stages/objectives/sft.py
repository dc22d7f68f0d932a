"""Supervised fine-tuning on completions (prompt tokens carry no loss)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stages.models.tokens import Encoder
from stages.training.budget import EachItemABatch, batch_dataset
from stages.training.job import Job
from stages.training.objective import TO_IMITATE, Objective
from stages.training.preflight import check_rows
from stages.training.rows import Rows

if TYPE_CHECKING:
    from datasets import Dataset

MASKED = -100


def train_sft(job: Job, rows: Rows) -> pl.DataFrame:
    """Fine-tunes on rows.examples (example_id, prompt, completion); returns the rows of `losses`.

    Loss: mean over completion tokens of the batch of -log p(token), EOS included.
    """
    from trl import SFTConfig, SFTTrainer

    model, encoder = job.load()
    arguments = job.arguments(rows) | {"max_length": job.settings.max_length}
    data = job.datasets(rows, lambda split: token_dataset(encoder, split, job.settings.max_length))
    if job.budget is None:
        config = SFTConfig(**arguments, packing=job.trainer.packing)
        trainer = SFTTrainer(model, config, processing_class=encoder.tokenizer, **data)
        return job.finish(trainer, encoder, rows)
    steps = batch_dataset(data["train_dataset"], job.budget, job.stage_run.seed)
    config = SFTConfig(**arguments, dataset_kwargs={"skip_prepare_dataset": True})
    trainer = SFTTrainer(model, config, processing_class=encoder.tokenizer, train_dataset=steps)
    trainer.data_collator = EachItemABatch(trainer.data_collator)
    return job.finish(trainer, encoder, rows)


def token_dataset(encoder: Encoder, rows: Rows, max_length: int) -> Dataset:
    """Examples as a dataset of input_ids and labels, one of each per token.

    Raises RatchetError if the rows would train something else (`preflight.check_rows`).
    """
    from datasets import Dataset

    examples = rows.examples.select("prompt", "completion").rows()
    coded = [encoder.encode(prompt, [completion], max_length) for prompt, completion in examples]
    prompts = [(prompt, "") for prompt, _ in examples]
    check_rows(encoder, prompts, coded, rows.examples["example_id"].to_list(), max_length)
    return Dataset.from_dict(
        {
            "input_ids": [row.ids for row in coded],
            "labels": [[MASKED] * row.n_prompt + row.ids[row.n_prompt :] for row in coded],
        }
    )


OBJECTIVE = Objective(train_sft, TO_IMITATE)
