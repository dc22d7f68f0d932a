"""What every training run shares: its settings, its arguments, its log."""

from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from schemas.losses import Losses
from stages.models import save_tokenizer
from stages.settings import Section
from stages.stage import Turn, quiet


class TrainingSettings(Section):
    """The optimiser's part of a section: sft, verifier and align have it."""

    epochs: int = Field(ge=1)
    max_steps: int | None = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    schedule: Literal["cosine", "linear", "constant"]
    warmup: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    max_length: int = Field(ge=8)


def arguments(settings: TrainingSettings, out: Path, turn: Turn) -> dict[str, Any]:
    """Keyword arguments of transformers.TrainingArguments for these settings."""
    import torch

    cuda = torch.cuda.is_available()
    return {
        "output_dir": str(out),
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps or -1,
        "per_device_train_batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.schedule,
        "warmup_steps": settings.warmup,
        "weight_decay": settings.weight_decay,
        "bf16": cuda and torch.cuda.is_bf16_supported(),
        "use_cpu": not cuda,
        "seed": turn.seed,
        "logging_steps": 10,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": quiet(),
        "dataloader_pin_memory": cuda,
        "gradient_checkpointing": False,
        "remove_unused_columns": False,
    }


def finish(trainer: Any, tokenizer: Any, out: Path, turn: Turn) -> pl.DataFrame:
    """Trains, saves model and tokenizer to `out`, and returns the rows of `losses`."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.model.save_pretrained(out)
    save_tokenizer(tokenizer, out)
    turn.count(optimiser_steps=trainer.state.global_step)
    return losses(trainer.state.log_history)


def losses(history: list[dict[str, float]]) -> pl.DataFrame:
    """Rows of `losses` from a trainer's log."""
    rows = [
        {
            "step": int(entry["step"]),
            "loss": entry["loss"],
            "learning_rate": entry.get("learning_rate"),
            "grad_norm": entry.get("grad_norm"),
            "logprob_chosen": entry.get("logps/chosen"),
            "logprob_rejected": entry.get("logps/rejected"),
        }
        for entry in history
        if "loss" in entry
    ]
    return pl.DataFrame(rows, schema=Losses.stored_schema()).unique("step", keep="last")
