"""SimPO (arXiv 2405.14734, Eq. 6): log-probability per token, without a reference model.

L = -log sigmoid(beta / |w| * log pi(w | x) - beta / |l| * log pi(l | x) - gamma)
"""

import polars as pl

from stages.training.job import Job
from stages.training.objective import PATH_PAIRS, Objective
from stages.training.pair_data import EncodedPairs, pair_columns
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings


def train_simpo(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.pairs (prompt, chosen, rejected); returns the rows of `losses`."""
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    class EncodedCpo(EncodedPairs, CPOTrainer):  # type: ignore[misc]
        """TRL's trainer on encoded rows."""

    settings = job.settings
    assert isinstance(settings, AlignSettings)
    model, encoder = job.load()
    config = CPOConfig(
        **job.arguments(rows),
        loss_type="simpo",
        cpo_alpha=0.0,
        beta=settings.beta,
        simpo_gamma=settings.gamma,
        max_length=settings.max_length,
        disable_dropout=False,
    )
    data = job.datasets(
        rows, lambda split: pair_columns(encoder, split, settings.max_length, False)
    )
    trainer = EncodedCpo(model, config, processing_class=encoder.tokenizer, **data)
    return job.finish(trainer, encoder, rows)


OBJECTIVE = Objective(train_simpo, PATH_PAIRS, reads_examples=False)
