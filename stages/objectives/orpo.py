"""ORPO (arXiv 2403.07691; SIPF §2.4, Eq. 7-8, corrected).

L = -(1/|y_w|) log P(y_w | x) - beta * log sigmoid(log odds(y_w | x) - log odds(y_l | x)),
odds(y | x) = p / (1 - p) with p = P(y | x) ** (1/|y|). As printed, SIPF's Eq. 7 drops the log
before the sigmoid and gives the first term the wrong sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stages.training.job import Job
from stages.training.objective import PATH_PAIRS, Objective
from stages.training.pair_data import EncodedPairs, pair_columns
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings

if TYPE_CHECKING:
    import torch
    from trl.experimental.orpo import ORPOTrainer


def trainer_class() -> type[ORPOTrainer]:
    """TRL's ORPO trainer with the NLL term over the completion only."""
    from trl.experimental.orpo import ORPOTrainer

    class CompletionOrpo(EncodedPairs, ORPOTrainer):  # type: ignore[misc]
        """TRL takes the NLL over prompt and completion; Eq. 7 has it over the completion."""

        def concatenated_forward(
            self, model: torch.nn.Module, batch: dict[str, torch.Tensor | list[str]]
        ) -> tuple[torch.Tensor, ...]:
            """Mean log-probabilities per token (pairs,) of both sides, their logits, and the NLL.

            With a mixture of experts, its load-balancing loss comes last.
            """
            outputs = super().concatenated_forward(model, batch)
            nll = -outputs[0].mean()  # ()
            return (*outputs[:4], nll, *outputs[5:])

    return CompletionOrpo


def train_orpo(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.pairs (prompt, chosen, rejected); returns the rows of `losses`.

    rows.examples (prompt, completion) enter the NLL term alone, as pairs whose two sides are the
    same text: their odds ratio is one and its gradient zero.
    """
    from trl.experimental.orpo import ORPOConfig

    settings = job.settings
    assert isinstance(settings, AlignSettings)
    model, encoder = job.load()
    config = ORPOConfig(
        **job.arguments(rows),
        beta=settings.beta,
        max_length=settings.max_length,
        disable_dropout=False,
    )
    data = job.datasets(rows, lambda split: pair_columns(encoder, split, settings.max_length, True))
    trainer = trainer_class()(model, config, processing_class=encoder.tokenizer, **data)
    return job.finish(trainer, encoder, rows)


OBJECTIVE = Objective(train_orpo, PATH_PAIRS)
