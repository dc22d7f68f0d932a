"""Training that diverges: it stops at the step where it does, in one line, and leaves no model."""

import math
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from tests.fakes.training_jobs import job
from tests.fakes.trajectories import rows_for, train

LORA = {"rank": 4, "alpha": 8, "dropout": 0.0, "bits": 16}


@pytest.mark.parametrize(
    ("objective", "adapter", "changes", "line"),
    [
        ("sft", None, {"learning_rate": 1e30}, ""),
        ("dpo", None, {"learning_rate": 1e30, "checkpoint_every": 1}, ""),
        ("orpo", LORA, {"learning_rate": 1e30}, ""),
        ("sft", None, {"learning_rate": 1e38, "max_steps": 1}, "the weights have NaN or infinity"),
    ],
)
def test_it_stops_where_it_diverges(
    checkpoint: Path,
    run_folder: Path,
    objective: str,
    adapter: dict[str, Any] | None,
    changes: dict[str, Any],
    line: str,
) -> None:
    settings = {"max_steps": 6, "warmup": 0.0, "schedule": "constant"} | changes
    with pytest.raises(RatchetError) as error:
        train(
            job(objective, checkpoint, run_folder / "out", adapter, **settings), rows_for(objective)
        )
    said = str(error.value)
    assert said.startswith("training diverged at step ") and line in said and "\n" not in said
    assert "at a learning rate of 1e+3" in said and "lower align.learning_rate" in said
    assert int(said.split()[4]) <= settings["max_steps"]
    assert not (run_folder / "out" / "model.safetensors").exists()


def test_a_gradient_that_is_no_number_stops_it(
    checkpoint: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import Trainer

    monkeypatch.setattr(Trainer, "_get_grad_norm", lambda *_, **__: math.nan)
    with pytest.raises(RatchetError, match="step 1 of 2: the norm of the gradient is nan, at a"):
        train(job("sft", checkpoint, run_folder / "out", max_steps=2), rows_for("sft"))
