"""DPO, and what the preference losses with a reference model share: RPO, IPO, Step-DPO.

With r(y) = log pi(y | x) - log pi_ref(y | x), w the chosen and l the rejected completion:

    DPO  (arXiv 2305.18290, Eq. 7)    -log sigmoid(beta (r(w) - r(l)))
    RPO  (arXiv 2404.19733, Eq. 1)    DPO - nll * log pi(w | x) / |w|       (Step-KTO calls it IRPO)
    IPO  (arXiv 2310.12036, Eq. 17)   (r(w)/|w| - r(l)/|l| - 1 / (2 beta))**2

IPO's log-ratios are per token, as its authors confirmed to TRL. Step pairs (Step-DPO, arXiv
2406.18629, Eq. 1) are DPO whose x holds the steps before: only the step's tokens carry loss, and
EOS only where the text ends with the step.
"""

from typing import Any

import polars as pl

from stages.training.forward_outputs import record_forward_outputs
from stages.training.job import Job
from stages.training.objective import PATH_PAIRS, Objective
from stages.training.pair_data import token_dataset
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings


def trainer_class() -> type[Any]:
    """TRL's DPO trainer on rows already encoded, with an NLL term of the chosen completion."""
    from trl import DPOTrainer

    class PreferenceTrainer(DPOTrainer):  # type: ignore[misc]
        """Adds nll * mean over pairs of -log pi(w | x) / |w|; logs mean log-probability a token."""

        nll = 0.0

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

        def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> Any:
            with record_forward_outputs(self, model) as outputs:
                loss = super()._compute_loss(model, inputs, False)
            mask = inputs["completion_mask"][:, 1:]
            means = outputs[0].log_probs[:, -mask.size(1) :].sum(1) / mask.sum(1)
            chosen, rejected = means.chunk(2)
            logged = self._metrics["train" if self.model.training else "eval"]
            for name, side in (("chosen", chosen), ("rejected", rejected)):
                logged[f"logps/{name}"][-1] = self.accelerator.gather(side.detach()).mean().item()
            return loss - self.nll * chosen.mean() if self.nll else loss

    return PreferenceTrainer


def train_dpo(
    job: Job, rows: Rows, loss_type: str = "sigmoid", with_nll: bool = False
) -> pl.DataFrame:
    """Aligns on rows.pairs; with an NLL term, rows.examples enter it as pairs of one text.

    `loss_type` is TRL's name of the loss on the pairs.
    """
    from trl import DPOConfig

    settings = job.settings
    assert isinstance(settings, AlignSettings)
    model, tokenizer = job.load()
    config = DPOConfig(
        **job.arguments(rows),
        beta=settings.beta,
        loss_type=[loss_type],
        max_length=settings.max_length,
        disable_dropout=job.adapter is None,  # an adapter's does not reach the reference
    )
    nll = settings.nll if with_nll else 0.0
    data = job.datasets(
        rows, lambda split: token_dataset(tokenizer, split, settings.max_length, nll > 0)
    )
    trainer = trainer_class()(model, args=config, processing_class=tokenizer, **data)
    trainer.nll = nll
    return job.finish(trainer, tokenizer, rows)


OBJECTIVE = Objective(train_dpo, PATH_PAIRS, reads_examples=False)
