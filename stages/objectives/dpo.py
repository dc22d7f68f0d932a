"""DPO, and what the preference losses with a reference model share: RPO, IPO, Step-DPO.

With r(y) = log pi(y | x) - log pi_ref(y | x), w the chosen and l the rejected completion:

    DPO  (arXiv 2305.18290, Eq. 7)    -log sigmoid(beta (r(w) - r(l)))
    RPO  (arXiv 2404.19733, Eq. 1)    DPO - nll * log pi(w | x) / |w|  (Step-KTO §3.2 calls it IRPO)
    IPO  (arXiv 2310.12036, Eq. 17)   (r(w)/|w| - r(l)/|l| - 1 / (2 beta))**2

IPO's log-ratios are per token, as its authors confirmed to TRL. Step pairs (Step-DPO, arXiv
2406.18629, §3.1) are DPO whose x includes the steps before: only the step's tokens carry loss,
and EOS only where the text ends with the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stages.training.forward_outputs import record_forward_outputs
from stages.training.job import Job
from stages.training.objective import PATH_PAIRS, Objective
from stages.training.pair_data import token_dataset
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from trl import DPOTrainer


def trainer_class(nll: float) -> type[DPOTrainer]:
    """TRL's DPO trainer on encoded rows, which adds `nll` times the chosen completion's NLL.

    The NLL is the mean over pairs of -log pi(w | x) / |w|, in nats per token.
    """
    from trl import DPOTrainer

    class PreferenceTrainer(DPOTrainer):  # type: ignore[misc]
        """Logs the mean log-probability per token of both sides."""

        def _prepare_dataset(self, dataset: Dataset, *_: object) -> Dataset:
            return dataset

        def _compute_loss(
            self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], return_outputs: bool
        ) -> torch.Tensor:
            """A batch's loss (). Tensors have the chosen rows first, then the rejected ones."""
            with record_forward_outputs(self, model) as outputs:
                loss: torch.Tensor = super()._compute_loss(model, inputs, False)
            mask = inputs["completion_mask"][:, 1:]  # (rows, tokens - 1)
            log_probs = outputs[0].log_probs[:, -mask.size(1) :]  # (rows, tokens - 1)
            means = log_probs.sum(1) / mask.sum(1)  # (rows,)
            chosen, rejected = means.chunk(2)  # (pairs,) each
            logged = self._metrics["train" if self.model.training else "eval"]
            for name, side in (("chosen", chosen), ("rejected", rejected)):
                logged[f"logps/{name}"][-1] = self.accelerator.gather(side.detach()).mean().item()
            return loss - nll * chosen.mean() if nll else loss

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
    model, encoder = job.load()
    config = DPOConfig(
        **job.arguments(rows),
        beta=settings.beta,
        loss_type=[loss_type],
        max_length=settings.max_length,
        disable_dropout=job.adapter is None,  # an adapter's dropout does not reach the reference
    )
    nll = settings.nll if with_nll else 0.0
    data = job.datasets(
        rows, lambda split: token_dataset(encoder, split, settings.max_length, nll > 0)
    )
    trainer = trainer_class(nll)(model, args=config, processing_class=encoder.tokenizer, **data)
    return job.finish(trainer, encoder, rows)


OBJECTIVE = Objective(train_dpo, PATH_PAIRS, reads_examples=False)
