"""ORPO (arXiv 2403.07691; SIPF §2.4, Eq. 7-8, corrected).

L = -(1/|y_w|) log P(y_w | x) - beta * log sigmoid(log odds(y_w | x) - log odds(y_l | x)),
odds(y | x) = p / (1 - p) with p = P(y | x) ** (1/|y|). As printed, SIPF's Eq. 7 drops the log
before the sigmoid and gives the first term the wrong sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

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
    """TRL's ORPO trainer, with the NLL term over the completion only and rows without a pair."""
    from trl.experimental.orpo import ORPOTrainer

    class CompletionOrpo(EncodedPairs, ORPOTrainer):  # type: ignore[misc]
        """TRL takes the NLL over prompt and completion; Eq. 7 has it over the completion.

        `pair_share` is the share of the training rows that are pairs. A batch's sum over its pairs
        is divided by the number that it has on average, so each pair weighs the same wherever the
        shuffle puts it, and however many processes train.
        """

        pair_share = 1.0

        def get_batch_loss_metrics(
            self,
            model: torch.nn.Module,
            batch: dict[str, torch.Tensor | list[Any]],
            train_eval: Literal["train", "eval"] = "train",
        ) -> tuple[torch.Tensor, dict[str, float]]:
            """A batch's loss () and what is logged of it."""
            import torch

            paired = torch.tensor(batch["paired"], device=self.accelerator.device)  # (rows,)
            encoded = {
                name: value for name, value in batch.items() if isinstance(value, torch.Tensor)
            }
            two_sided = {
                name: value[paired] if name.startswith("rejected_") else value
                for name, value in encoded.items()
            }
            outputs = self.concatenated_forward(model, two_sided)
            every, rejected = outputs[:2]  # (rows,) mean log-probabilities per token, (pairs,)
            chosen = every[paired]  # (pairs,)
            gains = self.odds_ratio_loss(chosen, rejected)[0]  # (pairs,)
            loss = -every.mean() - gains.sum() / (len(every) * self.pair_share)
            if self.aux_loss_enabled:  # a mixture of experts balances its load
                loss = loss + self.aux_loss_coef * outputs[5]
            names = {"logps/chosen": chosen, "logps/rejected": rejected}
            prefix = "eval_" if train_eval == "eval" else ""
            means = {prefix + name: self._mean_over_pairs(side) for name, side in names.items()}
            return loss, {name: mean for name, mean in means.items() if mean is not None}

        def _mean_over_pairs(self, values: torch.Tensor) -> float | None:
            """The mean over all processes' pairs; None if there is none."""
            import torch

            here = torch.stack([values.detach().sum(), values.new_tensor(len(values))])  # (2,)
            total, count = self.accelerator.gather(here).view(-1, 2).sum(0).tolist()
            return total / count if count else None

    return CompletionOrpo


def train_orpo(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.pairs (prompt, chosen, rejected); returns the rows of `losses`.

    rows.examples (prompt, completion) enter the NLL term alone: they have no rejected side to read.
    The NLL is a mean over all rows, the odds term over pairs.
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
    trainer.pair_share = rows.pairs.height / (rows.pairs.height + rows.examples.height) or 1.0
    return job.finish(trainer, encoder, rows)


OBJECTIVE = Objective(train_orpo, PATH_PAIRS)
