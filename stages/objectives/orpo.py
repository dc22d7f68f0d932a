"""ORPO (arXiv 2403.07691; SIPF Eq. 7-8, corrected).

L = -(1/|y_w|) log P(y_w | x) - beta * log sigmoid(log odds(y_w | x) - log odds(y_l | x)),
odds(y | x) = p / (1 - p) with p = P(y | x) ** (1/|y|). As printed, SIPF's Eq. 7 drops the log
before the sigmoid and gives the first term the wrong sign.
"""

from pathlib import Path
from typing import Any

import polars as pl

from stages.models import load_policy
from stages.objectives.training import TrainingSettings, arguments, finish
from stages.stage import Turn


def trainer_class() -> type[Any]:
    """TRL's ORPO trainer with the NLL term over the completion only."""
    from trl.experimental.orpo import ORPOTrainer

    class CompletionOrpo(ORPOTrainer):  # type: ignore[misc]
        """TRL takes the NLL over prompt and completion; Eq. 7 has it over the completion."""

        def concatenated_forward(self, model: Any, batch: Any) -> Any:
            outputs = super().concatenated_forward(model, batch)
            nll = -outputs[0].mean()
            return (*outputs[:4], nll, *outputs[5:])

    return CompletionOrpo


def train_orpo(
    start: Path,
    pairs: pl.DataFrame,
    examples: pl.DataFrame,
    settings: TrainingSettings,
    beta: float,
    turn: Turn,
    out: Path,
) -> pl.DataFrame:
    """Aligns `start` on pairs (prompt, chosen, rejected) into `out`; returns losses.

    Rows of `examples` (prompt, completion) enter the NLL term alone: as pairs whose two sides
    are the same text, the odds ratio is one and its gradient zero.
    """
    from datasets import Dataset
    from trl.experimental.orpo import ORPOConfig

    alone = examples.select("prompt", chosen="completion", rejected="completion")
    rows = pl.concat([pairs.select("prompt", "chosen", "rejected"), alone])
    model, tokenizer = load_policy(start)
    config = ORPOConfig(**arguments(settings, out, turn), beta=beta, max_length=settings.max_length)
    trainer = trainer_class()(
        model,
        config,
        train_dataset=Dataset.from_dict(rows.to_dict(as_series=False)),
        processing_class=tokenizer,
    )
    return finish(trainer, tokenizer, out, turn)
