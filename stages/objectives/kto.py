"""KTO (arXiv 2402.01306, Eq. 7-8), which is Step-KTO's outcome term (Step-KTO §2.2).

r = log pi(y | x) - log pi_ref(y | x);  z0 = max(0, mean of r over mismatched (x, y'));
v = lambda_D sigmoid(beta (r - z0)) if y is desirable, lambda_U sigmoid(beta (z0 - r)) if not;
L = mean of lambda_y - v.

Each row carries its own y': a completion of another problem, the same one in every epoch. So rows
may be shuffled, and a batch need not have different problems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stages.models.tokens import Encoded, Encoder
from stages.training.forward_outputs import TokenLogProbs, record_forward_outputs
from stages.training.job import Job
from stages.training.objective import UNPAIRED, Objective
from stages.training.preflight import check_rows, mismatched_partners
from stages.training.process_mean import process_weight
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from torch.utils.data import Sampler
    from trl import KTOConfig, KTOTrainer


def trainer_class(settings: AlignSettings) -> type[KTOTrainer]:
    """TRL's KTO trainer on encoded rows, which adds settings.nll times the desirable rows' NLL.

    The NLL is the mean over desirable rows of -log pi(y | x) / |y|, in nats per token.
    """
    from trl import KTOTrainer

    class OutcomeKto(KTOTrainer):  # type: ignore[misc]
        """Logs the mean log-probability per token of desirable and of undesirable rows."""

        def _prepare_dataset(self, dataset: Dataset, *_: object) -> Dataset:
            return dataset

        def _get_train_sampler(self, *given: Dataset) -> Sampler[int] | None:
            # TRL takes a neighbour's completion as y'; here rows carry theirs and may be shuffled
            self.args.train_sampling_strategy = "random"
            sampler: Sampler[int] | None = super()._get_train_sampler(*given)
            return sampler

        def extra_loss(
            self, outputs: list[TokenLogProbs], inputs: dict[str, torch.Tensor]
        ) -> torch.Tensor | float:
            """A term () that is added to KTO's loss.

            outputs: of the policy on y' and on y, then of the reference on y' and on y.
            """
            return 0.0

        def _compute_loss(
            self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], return_outputs: bool
        ) -> torch.Tensor:
            """A batch's loss (), with the NLL and extra terms."""
            with record_forward_outputs(self, model) as outputs:
                loss: torch.Tensor = super()._compute_loss(model, inputs, False)
            mask = inputs["completion_mask"][:, 1:]  # (rows, tokens - 1)
            log_probs = outputs[1].log_probs[:, -mask.size(1) :]  # (rows, tokens - 1)
            means = log_probs.sum(1) / mask.sum(1)  # (rows,)
            desirable = inputs["label"].bool()  # (rows,)
            # (rows of all processes,)
            all_means, all_desirable = self.accelerator.gather((means.detach(), desirable))
            logged = self._metrics["train" if self.model.training else "eval"]
            for name, rows in (("chosen", all_desirable), ("rejected", ~all_desirable)):
                if rows.any():
                    logged[f"logps/{name}"][-1] = all_means[rows].mean().item()
            if settings.nll and all_desirable.any():
                weight = process_weight(self.accelerator, desirable.sum())
                nll = -(means * desirable).sum() / desirable.sum().clamp(min=1)  # ()
                loss = loss + settings.nll * weight * nll
            return loss + self.extra_loss(outputs, inputs)

    return OutcomeKto


def train_kto(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.examples (prompt, completion, correct); returns the rows of `losses`."""
    settings = job.settings
    assert isinstance(settings, AlignSettings)
    model, encoder = job.load()
    data = job.datasets(rows, lambda split: token_dataset(encoder, split, settings.max_length))
    trainer = trainer_class(settings)(
        model, args=kto_config(job, rows), processing_class=encoder.tokenizer, **data
    )
    return job.finish(trainer, encoder, rows)


def kto_config(job: Job, rows: Rows) -> KTOConfig:
    """TRL's KTO arguments for these settings."""
    from trl import KTOConfig

    settings = job.settings
    assert isinstance(settings, AlignSettings)
    return KTOConfig(
        **job.arguments(rows),
        beta=settings.beta,
        desirable_weight=settings.desirable,
        undesirable_weight=settings.undesirable,
        max_length=settings.max_length,
        disable_dropout=job.adapter is None,  # an adapter's dropout does not reach the reference
    )


def encode_examples(encoder: Encoder, rows: Rows, max_length: int) -> list[Encoded]:
    """Every example, encoded step by step (as one step if it has none) and checked.

    Raises RatchetError if the rows would train something else (`preflight.check_rows`).
    """
    prompts, completions, steps, names = (
        rows.examples[name].to_list() for name in ("prompt", "completion", "steps", "example_id")
    )
    coded = [
        encoder.encode(prompt, pieces or [completion], max_length)
        for prompt, completion, pieces in zip(prompts, completions, steps, strict=True)
    ]
    check_rows(encoder, [(prompt, "") for prompt in prompts], coded, names, max_length)
    return coded


def token_dataset(encoder: Encoder, rows: Rows, max_length: int) -> Dataset:
    """Examples as a dataset of prompt_ids, completion_ids, KL_completion_ids and label."""
    from datasets import Dataset

    coded = encode_examples(encoder, rows, max_length)
    return Dataset.from_dict(kto_columns(coded, rows))


def kto_columns(coded: list[Encoded], rows: Rows) -> dict[str, list[list[int]] | list[bool]]:
    """The columns that TRL's collator takes: token ids of x, y and y', and whether y is correct."""
    partners = mismatched_partners(rows.examples["prompt"].to_list())
    completions = [row.ids[row.n_prompt :] for row in coded]
    return {
        "prompt_ids": [row.ids[: row.n_prompt] for row in coded],
        "completion_ids": completions,
        "KL_completion_ids": [completions[partner] for partner in partners],
        "label": rows.examples["correct"].to_list(),
    }


OBJECTIVE = Objective(train_kto, UNPAIRED, compares_rows=True)
