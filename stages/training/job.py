"""What all training runs share: settings, rows, arguments, checkpoints and the saved model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.errors import RatchetError
from schemas.losses import Losses
from stages.models.chat_template import frame_of
from stages.models.model_card import CARD, Training, training_card
from stages.models.model_settings import AdapterSettings
from stages.models.tokens import Encoder
from stages.pipeline.digests import folder_digest
from stages.pipeline.progress_bar import is_quiet
from stages.pipeline.stage_run import StageRun
from stages.training import checkpoints
from stages.training.adapter import gather_weights, is_verifier, load, save
from stages.training.budget import Budget
from stages.training.divergence import stop_at_divergence
from stages.training.rows import Rows
from stages.training.token_count import count_tokens
from stages.training.trackers import experiment_name, name_by_stage, tell_status, tracker_arguments
from stages.training.training_settings import TrainerSettings, TrainingSettings, step_folder

if TYPE_CHECKING:
    from datasets import Dataset
    from peft import PeftModel
    from transformers import PreTrainedModel, Trainer

FLOORED, FLOOR = ("cosine_with_min_lr",), {"min_lr_rate": 0.1}  # Step-KTO §3.3: to a tenth


@dataclass(frozen=True)
class Job:
    """One training run, from the model in folder `start` to a model in folder `out`.

    With `saves_steps`, `out` has a folder for the model at each checkpoint instead (`step_folder`).
    """

    start: Path
    out: Path
    stage_run: StageRun
    settings: TrainingSettings
    trainer: TrainerSettings
    adapter: AdapterSettings | None
    budget: Budget | None = None
    saves_steps: bool = False

    def load(
        self, kind: str = "AutoModelForCausalLM", **options: object
    ) -> tuple[PreTrainedModel | PeftModel, Encoder]:
        """(model, encoder) to train; see `adapter.load`."""
        return load(self.start, self.adapter, kind, **options)

    def datasets(self, rows: Rows, to_dataset: Callable[[Rows], Dataset]) -> dict[str, Dataset]:
        """Keyword arguments of a trainer: train_dataset, and eval_dataset if rows are held out.

        Raises RatchetError if a part has fewer than two prompts.
        """
        if not self.trainer.dev_share:
            return {"train_dataset": to_dataset(rows)}
        train, held = rows.split(self.trainer.dev_share)
        if train.n_prompts() < 2 or held.n_prompts() < 2:
            raise RatchetError(
                f"trainer.dev_share={self.trainer.dev_share} holds {held.n_prompts()} of "
                f"{rows.n_prompts()} prompts out, and both parts need two: change it, or set it to "
                "0.0"
            )
        return {"train_dataset": to_dataset(train), "eval_dataset": to_dataset(held)}

    def checkpoint_folder(self, rows: Rows) -> Path:
        """The folder of this run's checkpoints, named by everything that decides its result."""
        names = [
            self.settings,
            self.trainer.model_dump(exclude={*self.trainer.idle}),
            self.adapter,
            self.budget,
            self.saves_steps,
            self.stage_run.seed,
            self.stage_run.stage,
        ]
        return checkpoints.folder(folder_digest(self.start), rows.digest(), *names)

    def batch_size(self) -> int:
        """Rows per batch in this process: its share, if several train together.

        Raises RatchetError if the batch can't be split evenly.
        """
        processes = int(os.environ.get("WORLD_SIZE", "1"))
        if self.settings.batch_size % processes:
            raise RatchetError(
                f"a batch of {self.settings.batch_size} rows can't be split between {processes} "
                "processes: set batch_size to a multiple of compute.launch.processes"
            )
        return self.settings.batch_size // processes

    def arguments(self, rows: Rows) -> dict[str, Any]:
        """Keyword arguments of transformers.TrainingArguments."""
        import torch

        batch_size = self.batch_size()
        cuda = torch.cuda.is_available()
        has_bf16 = cuda and torch.cuda.is_bf16_supported()
        precision = self.trainer.precision
        arguments: dict[str, Any] = {
            "output_dir": str(self.checkpoint_folder(rows)),
            "num_train_epochs": self.settings.epochs,
            "max_steps": self.settings.max_steps or -1,
            "per_device_train_batch_size": batch_size,
            "per_device_eval_batch_size": batch_size,
            "gradient_accumulation_steps": self.trainer.accumulate,
            "learning_rate": self.settings.learning_rate,
            "lr_scheduler_type": self.settings.schedule,
            "lr_scheduler_kwargs": FLOOR if self.settings.schedule in FLOORED else {},
            "warmup_steps": self.settings.warmup,  # below one: a share of all steps
            "weight_decay": self.settings.weight_decay,
            "adam_beta2": self.trainer.beta2,
            "max_grad_norm": self.trainer.max_grad_norm,
            "bf16": precision == "bf16" or (precision == "auto" and has_bf16),
            "use_cpu": not cuda,
            "seed": self.stage_run.seed,
            # a resumed run's means begin at its checkpoint, so one is always logged there
            "logging_steps": gcd(10, self.trainer.checkpoint_every or 0),
            "logging_nan_inf_filter": False,  # `stop_at_divergence` stops at one
            "disable_tqdm": is_quiet(),
            "dataloader_pin_memory": cuda,
            "gradient_checkpointing": self.trainer.gradient_checkpointing,
            "gradient_checkpointing_kwargs": {"use_reentrant": False},
            "remove_unused_columns": False,
        }
        reporting = tracker_arguments(self.trainer.report_to, experiment_name())
        return arguments | reporting | self._save_arguments() | self._budget_arguments()

    def _budget_arguments(self) -> dict[str, Any]:
        """With a budget an item of the dataset is a whole step."""
        if self.budget is None:
            return {}
        one_item = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 1}
        return one_item | {"max_steps": self.budget.steps}

    def _save_arguments(self) -> dict[str, Any]:
        every = self.trainer.checkpoint_every
        if every is None:
            return {"save_strategy": "no"}
        saving: dict[str, Any] = {"save_strategy": "steps", "save_steps": every}
        if not self.trainer.dev_share:
            return saving | {"save_total_limit": None if self.saves_steps else 1}
        return saving | {
            "save_total_limit": 2,  # the best and the last
            "eval_strategy": "steps",
            "eval_steps": every,
            "load_best_model_at_end": True,
            "metric_for_best_model": "loss",
        }

    def finish(self, trainer: Trainer, encoder: Encoder, rows: Rows) -> pl.DataFrame:
        """Trains, saves to `out` and returns `losses`; resumes from the last checkpoint, if any."""
        from transformers import PrinterCallback

        trainer.remove_callback(PrinterCallback)
        if "ref" in getattr(trainer.model, "peft_config", {}):  # TRL's copy of an untrained adapter
            trainer.model.delete_adapter("ref")  # the reference is the base with no adapter
        # a page about each checkpoint takes TRL longer than a small model's weights do
        trainer.create_model_card = lambda **_: None
        stop_at_divergence(trainer, self.settings.section)
        name_by_stage(trainer, self.stage_run)
        tell_status(trainer)
        folder = self.checkpoint_folder(rows)
        with (
            checkpoints.lock_on_main_process(folder, trainer.accelerator),
            count_tokens(trainer),
        ):
            trainer.train(resume_from_checkpoint=checkpoints.last_complete(folder))
            if self.saves_steps:
                for step, checkpoint in checkpoints.steps(folder).items():
                    trainer.state.best_model_checkpoint = str(checkpoint)
                    trainer._load_best_model()
                    self._save(trainer, encoder, rows, step, step_folder(self.out, step))
            else:
                self._save(trainer, encoder, rows, trainer.state.global_step, self.out)
        self.stage_run.count(
            optimiser_steps=trainer.state.global_step,
            trained_tokens=trainer.state.num_input_tokens_seen,
        )
        return losses(trainer.state.log_history)

    def _save(self, trainer: Trainer, encoder: Encoder, rows: Rows, step: int, out: Path) -> None:
        """Saves the model as it is now, after so many optimiser steps, with its card."""
        is_scorer = is_verifier(trainer.model)
        weights = gather_weights(trainer)
        if trainer.accelerator.is_main_process:
            frame = frame_of(rows.prompts())
            save(trainer.model, encoder, self.start, self.adapter, out, weights, frame)
            card = training_card(self._training(rows, step), encoder, frame, is_scorer)
            (out / CARD).write_text(card, encoding="utf-8")

    def _training(self, rows: Rows, step: int) -> Training:
        """What the model's card says of its training; no path that other runs don't have."""
        return Training(
            stage=self.stage_run.stage,
            iteration=self.stage_run.iteration,
            start=None if self.start.is_absolute() else str(self.start),
            settings=self.settings.model_dump(mode="json")
            | {"adapter": self.adapter and self.adapter.model_dump(mode="json")},
            rows={"pairs": rows.pairs.height, "examples": rows.examples.height},
            counts={"optimiser_steps": step},
        )


def losses(history: list[dict[str, float]]) -> pl.DataFrame:
    """Rows of `losses`, one per logged step, from a trainer's log."""
    rows: dict[int, dict[str, float | None]] = {}
    for entry in history:
        row = rows.setdefault(int(entry["step"]), {"step": int(entry["step"]), "loss": None})
        if "eval_loss" in entry:
            row["dev_loss"] = entry["eval_loss"]
        elif "loss" in entry:
            row |= {
                "loss": entry["loss"],
                "learning_rate": entry.get("learning_rate"),
                "grad_norm": entry.get("grad_norm"),
                "logprob_chosen": entry.get("logps/chosen"),
                "logprob_rejected": entry.get("logps/rejected"),
            }
    with_loss = [row for row in rows.values() if row["loss"] is not None or "dev_loss" in row]
    return pl.DataFrame(with_loss, schema=Losses.stored_schema())
