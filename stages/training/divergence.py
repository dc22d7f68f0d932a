"""Stops a training that diverges at the step where it does, and says at which rate.

transformers leaves losses that are not numbers out of its means, so that a ruined model would look
trained.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from schemas.errors import RatchetError

if TYPE_CHECKING:
    import torch
    from transformers import Trainer


def stop_at_divergence(trainer: Trainer, section: str) -> None:
    """Makes a trainer raise RatchetError at the first loss, gradient or weight that is no number.

    `section`: whose learning rate the error names. Where several processes train, a loss of one of
    them reaches all with the gradient, so that all stop at the same step.
    """
    from transformers import TrainerCallback

    step, norm = trainer.training_step, trainer._get_grad_norm

    def fail(what: str) -> RatchetError:
        rate = trainer._get_learning_rate()
        return RatchetError(
            f"training diverged at step {trainer.state.global_step + 1} of "
            f"{trainer.state.max_steps}: {what}, at a learning rate of {rate:.3g}: "
            f"lower {section}.learning_rate or trainer.max_grad_norm"
        )

    def training_step(*args: Any, **kwargs: Any) -> torch.Tensor:
        loss: torch.Tensor = step(*args, **kwargs)
        if trainer.accelerator.num_processes == 1 and not loss.isfinite():
            raise fail(f"the loss is {loss.item()}")
        return loss

    def gradient_norm(*args: Any, **kwargs: Any) -> float | None:
        value: float | None = norm(*args, **kwargs)
        if value is not None and not math.isfinite(value):
            raise fail(f"the norm of the gradient is {value}")
        return value

    class BeforeSaving(TrainerCallback):  # type: ignore[misc]
        """Looks at what is about to be kept."""

        def on_step_end(
            self, args: Any, state: Any, control: Any, model: torch.nn.Module, **_: Any
        ) -> None:
            """Weights: before a checkpoint, and at the end."""
            if (control.should_save or state.global_step >= state.max_steps) and (
                name := find_not_finite(model)
            ):
                state.global_step -= 1  # the step that has just been counted
                raise fail(f"the weights have NaN or infinity in {name}")

        def on_evaluate(
            self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any
        ) -> None:
            """The loss of the rows that are held out."""
            if not math.isfinite(loss := metrics.get("eval_loss", 0.0)):
                state.global_step -= 1
                raise fail(f"the loss of the held-out rows is {loss}")

    trainer.training_step, trainer._get_grad_norm = training_step, gradient_norm
    trainer.add_callback(BeforeSaving)


def find_not_finite(model: torch.nn.Module) -> str | None:
    """The name of the first tensor of a model that holds NaN or infinity; None if none does."""
    for name, weights in model.named_parameters():
        if weights.is_floating_point() and weights.numel() and not weights.is_meta:
            values = weights.detach()
            if values.element_size() > 1 and not values.isfinite().all():
                return str(name)
    return None
