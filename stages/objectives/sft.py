"""Supervised fine-tuning on completions (prompt tokens carry no loss)."""

from pathlib import Path

import polars as pl

from stages.encode import check_rows, encode
from stages.models import load_policy
from stages.objectives.training import TrainingSettings, arguments, finish
from stages.stage import Turn

MASKED = -100


def train_sft(
    start: Path, examples: pl.DataFrame, settings: TrainingSettings, turn: Turn, out: Path
) -> pl.DataFrame:
    """Fine-tunes `start` on rows (example_id, prompt, completion) into `out`; returns losses.

    Loss: mean over completion tokens of the batch of -log p(token), EOS included.
    """
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    model, tokenizer = load_policy(start)
    texts = examples.select("prompt", "completion").rows()
    rows = [encode(tokenizer, p, [c], settings.max_length) for p, c in texts]
    check_rows(rows, examples["example_id"].to_list(), settings.max_length)
    dataset = Dataset.from_dict(
        {
            "input_ids": [row.ids for row in rows],
            "labels": [[MASKED] * row.n_prompt + row.ids[row.n_prompt :] for row in rows],
        }
    )
    config = SFTConfig(
        **arguments(settings, out, turn), max_length=settings.max_length, packing=False
    )
    trainer = SFTTrainer(model, config, train_dataset=dataset, processing_class=tokenizer)
    return finish(trainer, tokenizer, out, turn)
