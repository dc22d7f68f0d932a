"""Trackers that a training run reports to while it runs (`trainer.report_to`).

transformers does the reporting. Here all stages of an experiment get one run of one name, and each
metric the name of its stage, so that the losses of sft, verifier and align lie side by side.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from schemas.errors import RatchetError
from stages.pipeline import params
from stages.pipeline.digests import digest
from stages.pipeline.running_stage import tell_progress
from stages.pipeline.stage_run import StageRun

if TYPE_CHECKING:
    from transformers import Trainer

# name → the packages of which one must be installed
TRACKERS: dict[str, tuple[str, ...]] = {
    "trackio": ("trackio",),
    "tensorboard": ("tensorboard", "tensorboardX"),
    "wandb": ("wandb",),
    "mlflow": ("mlflow",),
    "dvclive": ("dvclive",),
}
PROJECT = "ratchet"


def missing_packages(report_to: Sequence[str]) -> list[str]:
    """The packages that these trackers need and that are not installed."""
    return [TRACKERS[name][0] for name in report_to if not any(map(find_spec, TRACKERS[name]))]


def experiment_name() -> str:
    """The name of DVC's experiment; of a run without one, recipe, task, model and seed."""
    if name := os.environ.get("DVC_EXP_NAME"):
        return name
    try:
        values = params.load()
    except RatchetError:  # outside a run, as in a test
        return PROJECT
    names = values.get("run", {})
    known = [str(names.get(key, "")) for key in ("recipe", "task", "model")]
    return "-".join([*filter(None, known), str(values.get("seed", 0))])


def tracker_arguments(report_to: Sequence[str], name: str) -> dict[str, Any]:
    """Keyword arguments of TrainingArguments; what trackers read elsewhere goes into variables.

    A variable that is set already stays.
    """
    if not report_to:
        return {"report_to": []}
    slug = re.sub(r"[^\w.-]+", "-", name)
    variables = {
        "TENSORBOARD_LOGGING_DIR": f"runs/{slug}",
        "WANDB_PROJECT": PROJECT,
        "WANDB_RUN_ID": digest(PROJECT, name, size=8),
        "WANDB_RESUME": "allow",
        "MLFLOW_EXPERIMENT_NAME": PROJECT,
        "DVCLIVE_RESUME": "true",
    }
    for variable, value in variables.items():
        os.environ.setdefault(variable, value)
    return {"report_to": list(report_to), "run_name": name, "project": PROJECT}


def name_by_stage(trainer: Trainer, stage_run: StageRun) -> None:
    """Puts the stage before each metric that trackers are given: `align-2/loss`."""
    from transformers.integrations import get_reporting_integration_callbacks

    kinds = tuple(get_reporting_integration_callbacks(trainer.args.report_to))
    label = f"{stage_run.stage}-{stage_run.iteration}"
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, kinds):
            _prefix_logs(callback, label)


def tell_status(trainer: Trainer) -> None:
    """Tells `ratchet status` of each step, and of the latest loss and rate."""
    from transformers import TrainerCallback

    class Status(TrainerCallback):  # type: ignore[misc]
        """Follows the training of the main process."""

        figures: dict[str, float]

        def __init__(self) -> None:
            self.figures = {}

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """One step more."""
            tell_progress("train", state.global_step, state.max_steps, **self.figures)

        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any
        ) -> None:
            """The figures of the last few steps."""
            latest = {name: logs[name] for name in ("loss", "learning_rate") if name in logs}
            self.figures.update({name: float(value) for name, value in latest.items()})

    trainer.add_callback(Status)


def _prefix_logs(callback: Any, label: str) -> None:
    report = callback.on_log

    def on_log(*args: Any, logs: dict[str, Any] | None = None, **others: Any) -> Any:
        named = {f"{label}/{name}": value for name, value in (logs or {}).items()}
        return report(*args, logs=named, **others)

    callback.on_log = on_log
