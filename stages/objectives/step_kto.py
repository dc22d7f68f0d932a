"""Step-KTO (arXiv 2501.10799): KTO's outcome term, and the same on every labelled step.

r(s_h) = log pi(s_h | x, s_<h) - log pi_ref(s_h | x, s_<h), the sum over the step's tokens (EOS
belongs to the last step); z_step = max(0, mean of r over the steps of mismatched completions);
v = lambda_D sigmoid(beta (r - z_step)) for a right step, lambda_U sigmoid(beta (z_step - r)) for a
wrong one, with beta and lambdas of their own; L = L_KTO + mean over labelled steps of lambda - v.

Steps are spans of characters in the whole text, mapped to tokens by `encode`.
"""

from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.models.tokens import Encoded
from stages.objectives import kto
from stages.training.job import Job
from stages.training.objective import UNPAIRED, Objective
from stages.training.preflight import mismatched_partners
from stages.training.process_mean import process_weight
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings

ABSENT = -1  # a token of no step, a step of no label


def step_sums(ratios: Any, steps: Any) -> Any:
    """Sum of the tokens' log-ratios by step.

    ratios: (batch, tokens); steps: (batch, tokens), each token's step or -1.
    Returns (batch, most steps); steps that a row does not have sum to zero.
    """
    import torch

    width = int(steps.max()) + 1 if steps.numel() else 0
    sums = torch.zeros(ratios.size(0), width + 1, dtype=ratios.dtype, device=ratios.device)
    return sums.scatter_add(1, steps + 1, ratios)[:, 1:]


def baseline(ratios: Any, steps: Any) -> Any:
    """z_step from mismatched completions: mean log-ratio of their steps, at least zero."""
    import torch

    sums = step_sums(ratios, steps)
    has_step = torch.zeros_like(sums)
    rows = torch.arange(len(steps), device=steps.device)[:, None].expand_as(steps)
    has_step[rows[steps >= 0], steps[steps >= 0]] = 1
    return (sums.sum() / has_step.sum().clamp(min=1)).clamp(min=0).detach()


def step_loss(
    ratios: Any, steps: Any, labels: Any, z: Any, beta: float, desirable: float, undesirable: float
) -> Any:
    """Mean of lambda - v over the labelled steps; zero when there is none.

    ratios, steps: (batch, tokens); labels: (batch, steps), 1 right, 0 wrong, -1 no label.
    """
    import torch

    sums = step_sums(ratios, steps)
    labels = labels[:, : sums.size(1)]
    sums = sums[:, : labels.size(1)]
    value_right = desirable * (1 - torch.sigmoid(beta * (sums - z)))
    value_wrong = undesirable * (1 - torch.sigmoid(beta * (z - sums)))
    losses = torch.where(labels == 1, value_right, value_wrong)
    judged = labels != ABSENT
    return (losses * judged).sum() / judged.sum().clamp(min=1)


def trainer_class() -> type[Any]:
    """The KTO trainer with the stepwise term."""

    class StepKto(kto.trainer_class()):  # type: ignore[misc]
        """`settings` hold the step's beta and lambdas."""

        settings: AlignSettings

        def extra_loss(self, outputs: list[Any], inputs: Any) -> Any:
            policy_kl, policy, reference_kl, reference = (output.log_probs for output in outputs)
            steps, steps_kl = inputs["steps"][:, 1:], inputs["KL_steps"][:, 1:]
            labels = inputs["step_labels"][:, : int(steps.max()) + 1]
            z = baseline((policy_kl - reference_kl)[:, -steps_kl.size(1) :], steps_kl)
            z = self.accelerator.gather(z).mean()
            return process_weight(self.accelerator, (labels != ABSENT).sum()) * step_loss(
                (policy - reference)[:, -steps.size(1) :],
                steps,
                labels,
                z,
                self.settings.step_beta,
                self.settings.step_desirable,
                self.settings.step_undesirable,
            )

    return StepKto


def collator(pad_token_id: int, max_length: int) -> Any:
    """TRL's collator, and steps, KL_steps (batch, tokens) and step_labels (batch, steps)."""
    import torch
    from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

    trl_collator = DataCollatorForUnpairedPreference(
        pad_token_id=pad_token_id, max_length=max_length
    )

    def pad_rows(rows: list[list[int]], width: int) -> Any:
        return torch.tensor([(row + [ABSENT] * width)[:width] for row in rows])

    def collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = trl_collator(rows)
        for prefix in ("", "KL_"):
            spans = [[ABSENT] * len(row["prompt_ids"]) + row[f"{prefix}steps"] for row in rows]
            batch[f"{prefix}steps"] = pad_rows(spans, batch[f"{prefix}input_ids"].size(1))
        labels = [row["step_labels"] for row in rows]
        batch["step_labels"] = pad_rows(labels, max(map(len, labels)))
        return batch

    return collate


def train_step_kto(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.examples (prompt, completion, correct, steps, step_labels)."""
    settings = job.settings
    assert isinstance(settings, AlignSettings)
    if rows.examples["step_labels"].is_null().all():
        raise RatchetError(
            "align.objective=step_kto, but no row has step labels: "
            "set label.method and pair.feedback=labels"
        )
    model, tokenizer = job.load()
    data = job.datasets(rows, lambda split: token_dataset(tokenizer, split, settings.max_length))
    trainer = trainer_class()(
        model,
        args=kto.kto_config(job, rows),
        processing_class=tokenizer,
        data_collator=collator(tokenizer.pad_token_id, settings.max_length),
        **data,
    )
    trainer.settings, trainer.nll = settings, settings.nll
    return job.finish(trainer, tokenizer, rows)


def token_dataset(tokenizer: Any, rows: Rows, max_length: int) -> Any:
    """KTO's columns, and each completion token's step, of y and of y', and the steps' labels."""
    from datasets import Dataset

    coded = kto.encode_examples(tokenizer, rows, max_length)
    columns = kto.kto_columns(coded, rows)
    spans = [step_of_tokens(row) for row in coded]
    columns["steps"] = spans
    columns["KL_steps"] = [
        spans[other] for other in mismatched_partners(rows.examples["prompt"].to_list())
    ]
    columns["step_labels"] = [
        [ABSENT] if labels is None else [int(label) for label in labels]
        for labels in rows.examples["step_labels"].to_list()
    ]
    return Dataset.from_dict(columns)


def step_of_tokens(row: Encoded) -> list[int]:
    """The step of each completion token; EOS, or what a cut step still has, is the last step's."""
    steps, step = [], 0
    for position in range(row.n_prompt, len(row.ids)):
        while step < len(row.step_ends) and position > row.step_ends[step]:
            step += 1
        steps.append(step)
    if row.ends and not row.truncated and steps:
        steps[-1] = len(row.step_ends) - 1
    return steps


OBJECTIVE = Objective(train_step_kto, UNPAIRED, compares_rows=True, needs_step_labels=True)
