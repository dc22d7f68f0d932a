"""KTO (arXiv 2402.01306, Eq. 7-8; Step-KTO's outcome term).

r = log pi(y | x) - log pi_ref(y | x);  z0 = max(0, mean of r over mismatched (x, y'));
v = lambda_D sigmoid(beta (r - z0)) if y is desirable, lambda_U sigmoid(beta (z0 - r)) if not;
L = mean of lambda_y - v.

Each row carries the completion that stands in for y', of another problem and the same one in
every epoch, so that rows may be shuffled and batches need not hold different problems.
"""

from typing import Any

import polars as pl

from stages.models.tokens import Encoded, encode
from stages.training.forward_outputs import record_forward_outputs
from stages.training.job import Job
from stages.training.objective import UNPAIRED, Objective
from stages.training.preflight import check_rows, mismatched_partners
from stages.training.process_mean import process_weight
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings


def trainer_class() -> type[Any]:
    """TRL's KTO trainer on rows already encoded, with an NLL term of desirable completions."""
    from trl import KTOTrainer

    class OutcomeKto(KTOTrainer):  # type: ignore[misc]
        """Adds nll * mean over desirable rows of -log pi / |y|; logs log-probability a token."""

        nll = 0.0

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

        def _get_train_sampler(self, *given: Any) -> Any:
            self.args.train_sampling_strategy = "random"  # TRL's pairs are neighbours, ours are not
            return super()._get_train_sampler(*given)

        def extra_loss(self, outputs: list[Any], inputs: Any) -> Any:
            """What is added to KTO's loss; outputs: policy on y', on y, reference on y', on y."""
            return 0.0

        def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> Any:
            with record_forward_outputs(self, model) as outputs:
                loss = super()._compute_loss(model, inputs, False)
            mask = inputs["completion_mask"][:, 1:]
            means = outputs[1].log_probs[:, -mask.size(1) :].sum(1) / mask.sum(1)
            desirable = inputs["label"].bool()
            all_means, all_desirable = self.accelerator.gather((means.detach(), desirable))
            logged = self._metrics["train" if self.model.training else "eval"]
            for name, rows in (("chosen", all_desirable), ("rejected", ~all_desirable)):
                if rows.any():
                    logged[f"logps/{name}"][-1] = all_means[rows].mean().item()
            if self.nll and all_desirable.any():
                weight = process_weight(self.accelerator, desirable.sum())
                nll = -(means * desirable).sum() / desirable.sum().clamp(min=1)
                loss = loss + self.nll * weight * nll
            return loss + self.extra_loss(outputs, inputs)

    return OutcomeKto


def train_kto(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.examples (prompt, completion, correct); returns losses."""
    model, tokenizer = job.load()
    data = job.datasets(
        rows, lambda split: token_dataset(tokenizer, split, job.settings.max_length)
    )
    trainer = trainer_class()(model, args=kto_config(job, rows), processing_class=tokenizer, **data)
    trainer.nll = job.settings.nll  # type: ignore[attr-defined]
    return job.finish(trainer, tokenizer, rows)


def kto_config(job: Job, rows: Rows) -> Any:
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
        disable_dropout=job.adapter is None,  # an adapter's does not reach the reference
    )


def encode_examples(tokenizer: Any, rows: Rows, max_length: int) -> list[Encoded]:
    """Every example in its steps (one step where it has none), checked."""
    prompts, completions, steps, names = (
        rows.examples[name].to_list() for name in ("prompt", "completion", "steps", "example_id")
    )
    coded = [
        encode(tokenizer, prompt, pieces or [completion], max_length)
        for prompt, completion, pieces in zip(prompts, completions, steps, strict=True)
    ]
    check_rows(tokenizer, prompts, coded, names, max_length)
    return coded


def token_dataset(tokenizer: Any, rows: Rows, max_length: int) -> Any:
    """Examples as a dataset of prompt_ids, completion_ids, KL_completion_ids and label."""
    from datasets import Dataset

    coded = encode_examples(tokenizer, rows, max_length)
    return Dataset.from_dict(kto_columns(coded, rows))


def kto_columns(coded: list[Encoded], rows: Rows) -> dict[str, list[Any]]:
    """The columns that TRL's collator takes."""
    partner = mismatched_partners(rows.examples["prompt"].to_list())
    completions = [row.ids[row.n_prompt :] for row in coded]
    return {
        "prompt_ids": [row.ids[: row.n_prompt] for row in coded],
        "completion_ids": completions,
        "KL_completion_ids": [completions[other] for other in partner],
        "label": rows.examples["correct"].to_list(),
    }


OBJECTIVE = Objective(train_kto, UNPAIRED, compares_rows=True)
