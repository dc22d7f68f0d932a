"""Step-KTO (arXiv 2501.10799, §2.2-2.4): KTO's outcome term, and the same on each labelled step.

r(s_h) = log pi(s_h | x, s_<h) - log pi_ref(s_h | x, s_<h), the sum over the step's tokens (EOS
belongs to the last step); z_step = max(0, mean of r over the steps of mismatched completions);
v = lambda_D sigmoid(beta (r - z_step)) for a right step, lambda_U sigmoid(beta (z_step - r)) for a
wrong one, with beta and lambdas of their own; L = L_KTO + mean over labelled steps of lambda - v.
Of S steps the first S - 1 have labels: the last one holds the answer, which the outcome term judges
(§2.4). Neither has a step that lost tokens at max_length.

Steps are spans of characters in the whole text, mapped to tokens by `encode`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict

import polars as pl

from schemas.errors import RatchetError
from stages.models.tokens import Encoded, Encoder
from stages.objectives import kto
from stages.training.forward_outputs import TokenLogProbs
from stages.training.job import Job
from stages.training.objective import UNPAIRED, Objective
from stages.training.preflight import mismatched_partners
from stages.training.process_mean import process_weight
from stages.training.rows import Rows
from stages.training.training_settings import AlignSettings

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from trl import KTOTrainer

ABSENT = -1  # the step of a token that is in no step, the label of a step that has none


class StepRow(TypedDict):
    """A row of the dataset: token ids of x, y and y', the steps of y and y', the steps' labels."""

    prompt_ids: list[int]
    completion_ids: list[int]
    KL_completion_ids: list[int]
    label: bool
    steps: list[int]  # the step of each token of y
    KL_steps: list[int]  # the step of each token of y'
    step_labels: list[int]  # of y: 1 right, 0 wrong, -1 no label


def step_sums(ratios: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Sums (rows, most steps) of the tokens' log-ratios by step.

    ratios: (rows, tokens), in nats; steps: (rows, tokens), each token's step or -1. Steps that a
    row does not have sum to zero.
    """
    import torch

    width = int(steps.max()) + 1 if steps.numel() else 0
    sums = torch.zeros(ratios.size(0), width + 1, dtype=ratios.dtype, device=ratios.device)
    return sums.scatter_add(1, steps + 1, ratios)[:, 1:]  # (rows, width)


def baseline(ratios: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """z_step () from mismatched completions: mean log-ratio of their steps, at least zero.

    ratios, steps: (rows, tokens), as `step_sums` has them.
    """
    import torch

    sums = step_sums(ratios, steps)  # (rows, most steps)
    has_step = torch.zeros_like(sums)
    rows = torch.arange(len(steps), device=steps.device)[:, None].expand_as(steps)  # (rows, tokens)
    has_step[rows[steps >= 0], steps[steps >= 0]] = 1
    return (sums.sum() / has_step.sum().clamp(min=1)).clamp(min=0).detach()  # ()


def step_loss(
    ratios: torch.Tensor,
    steps: torch.Tensor,
    labels: torch.Tensor,
    z: torch.Tensor,
    beta: float,
    desirable: float,
    undesirable: float,
) -> torch.Tensor:
    """Mean () of lambda - v over the labelled steps; zero if no step has a label.

    ratios, steps: (rows, tokens), as `step_sums` has them; labels: (rows, steps), 1 right, 0
    wrong, -1 no label; z: ().
    """
    import torch

    sums = step_sums(ratios, steps)  # (rows, most steps)
    labels = labels[:, : sums.size(1)]
    sums = sums[:, : labels.size(1)]  # as labels: (rows, steps)
    value_right = desirable * (1 - torch.sigmoid(beta * (sums - z)))  # (rows, steps)
    value_wrong = undesirable * (1 - torch.sigmoid(beta * (z - sums)))  # (rows, steps)
    losses = torch.where(labels == 1, value_right, value_wrong)
    judged = labels != ABSENT  # (rows, steps)
    return (losses * judged).sum() / judged.sum().clamp(min=1)  # ()


def trainer_class(settings: AlignSettings) -> type[KTOTrainer]:
    """The KTO trainer with the stepwise term; `settings` have its beta and lambdas."""

    class StepKto(kto.trainer_class(settings)):  # type: ignore[misc]
        """Adds the stepwise term to KTO's loss."""

        def extra_loss(
            self, outputs: list[TokenLogProbs], inputs: dict[str, torch.Tensor]
        ) -> torch.Tensor:
            # (rows, tokens - 1), of y' and of y
            policy_kl, policy, reference_kl, reference = (output.log_probs for output in outputs)
            steps, steps_kl = inputs["steps"][:, 1:], inputs["KL_steps"][:, 1:]
            labels = inputs["step_labels"][:, : int(steps.max()) + 1]  # (rows, steps)
            z_here = baseline((policy_kl - reference_kl)[:, -steps_kl.size(1) :], steps_kl)
            z = self.accelerator.gather(z_here).mean()  # (), over all processes
            return process_weight(self.accelerator, (labels != ABSENT).sum()) * step_loss(
                (policy - reference)[:, -steps.size(1) :],
                steps,
                labels,
                z,
                settings.step_beta,
                settings.step_desirable,
                settings.step_undesirable,
            )

    return StepKto


def collator(
    pad_token_id: int, max_length: int
) -> Callable[[list[StepRow]], dict[str, torch.Tensor]]:
    """TRL's collator, which adds steps, KL_steps (rows, tokens) and step_labels (rows, steps)."""
    import torch
    from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

    trl_collator = DataCollatorForUnpairedPreference(
        pad_token_id=pad_token_id, max_length=max_length
    )

    def pad_rows(rows: list[list[int]], width: int) -> torch.Tensor:
        return torch.tensor([(row + [ABSENT] * width)[:width] for row in rows])  # (rows, width)

    def token_steps(prompt_ids: list[int], steps: list[int]) -> list[int]:
        return [ABSENT] * len(prompt_ids) + steps

    def collate(rows: list[StepRow]) -> dict[str, torch.Tensor]:
        batch: dict[str, torch.Tensor] = trl_collator(rows)
        steps = [token_steps(row["prompt_ids"], row["steps"]) for row in rows]
        steps_kl = [token_steps(row["prompt_ids"], row["KL_steps"]) for row in rows]
        labels = [row["step_labels"] for row in rows]
        batch["steps"] = pad_rows(steps, batch["input_ids"].size(1))
        batch["KL_steps"] = pad_rows(steps_kl, batch["KL_input_ids"].size(1))
        batch["step_labels"] = pad_rows(labels, max(map(len, labels)))
        return batch

    return collate


def train_step_kto(job: Job, rows: Rows) -> pl.DataFrame:
    """Aligns on rows.examples (prompt, completion, correct, steps, step_labels).

    Returns the rows of `losses`. Raises RatchetError if no row has step labels.
    """
    settings = job.settings
    assert isinstance(settings, AlignSettings)
    if not (rows.examples["step_labels"].list.len().fill_null(0) > 1).any():
        raise RatchetError(
            "align.objective=step_kto, but no row has labels of steps before its last: "
            "set label.method and pair.feedback=labels"
        )
    model, encoder = job.load()
    data = job.datasets(rows, lambda split: token_dataset(encoder, split, settings.max_length))
    trainer = trainer_class(settings)(
        model,
        args=kto.kto_config(job, rows),
        processing_class=encoder.tokenizer,
        data_collator=collator(encoder.pad_token_id, settings.max_length),
        **data,
    )
    return job.finish(trainer, encoder, rows)


def token_dataset(encoder: Encoder, rows: Rows, max_length: int) -> Dataset:
    """Examples as a dataset of `StepRow`."""
    from datasets import Dataset

    coded = kto.encode_examples(encoder, rows, max_length)
    columns = kto.kto_columns(coded, rows)
    steps = [step_of_tokens(row) for row in coded]
    partners = mismatched_partners(rows.examples["prompt"].to_list())
    columns["steps"] = steps
    columns["KL_steps"] = [steps[partner] for partner in partners]
    given = rows.examples["step_labels"].to_list()
    columns["step_labels"] = [judged_steps(*row) for row in zip(given, coded, strict=True)]
    return Dataset.from_dict(columns)


def judged_steps(labels: list[bool] | None, row: Encoded) -> list[int]:
    """The labels of a row's steps, ABSENT for the last step and for those that are not whole."""
    labels = labels or []
    n_judged = min(len(labels) - 1, len(row.step_ends))
    judged = [int(label) for label in labels[: max(n_judged, 0)]]
    return judged + [ABSENT] * max(len(labels) - len(judged), 1 - len(judged))


def step_of_tokens(row: Encoded) -> list[int]:
    """The step of each completion token; EOS, or the rest of a cut step, counts to the last one."""
    steps, step = [], 0
    for position in range(row.n_prompt, len(row.ids)):
        while step < len(row.step_ends) and position > row.step_ends[step]:
            step += 1
        steps.append(step)
    if row.ends and not row.truncated and steps:
        steps[-1] = len(row.step_ends) - 1
    return steps


OBJECTIVE = Objective(train_step_kto, UNPAIRED, compares_rows=True, needs_step_labels=True)
