"""Trackers are told of each stage under its name, in one run, and change no result."""

import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
from transformers import TrainerCallback
from transformers.integrations import integration_utils

from stages.contract.conflicts import CONFLICTS
from stages.contract.dvc_files import documents
from stages.objectives.objective_list import load_objective
from stages.training import trackers
from stages.training.training_settings import TrainerSettings
from tests.fakes.training_jobs import TRAINER, job, rows_of

VARIABLES = ("TENSORBOARD_LOGGING_DIR", "WANDB_PROJECT", "WANDB_RUN_ID", "WANDB_RESUME",
             "MLFLOW_EXPERIMENT_NAME", "DVCLIVE_RESUME")  # fmt: skip


class Tracker(TrainerCallback):  # type: ignore[misc]
    """Keeps what it is told."""

    told: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        self.told.append((args.run_name, dict(logs)))


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the trackers' variables, and those that a test sets go at its end."""
    for name in (*VARIABLES, "DVC_EXP_NAME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_a_tracker_is_told_by_stage_and_changes_nothing(
    checkpoint: Path, tmp_path: Path, variables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "trackio", Tracker)
    monkeypatch.setenv("DVC_EXP_NAME", "my-run")
    lists: dict[str, list[str]] = {"trackio": ["trackio"], "none": []}
    runs = [
        job("sft", checkpoint, tmp_path / name, max_steps=2, report_to=listed)
        for name, listed in lists.items()
    ]
    assert runs[0].checkpoint_folder(rows_of("sft")) == runs[1].checkpoint_folder(rows_of("sft"))
    for run in runs:
        load_objective("sft").train(run, rows_of("sft"))
    assert Tracker.told
    names = {name for _, logs in Tracker.told for name in logs}
    assert {run_name for run_name, _ in Tracker.told} == {"my-run"}
    assert all(name.startswith("align-1/") for name in names)
    weights = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("trackio", "none")]
    assert weights[0] == weights[1]


def test_all_stages_have_one_run(variables: None) -> None:
    asked = [trackers.tracker_arguments(["wandb"], "sipf toy") for _ in range(2)]
    assert asked[0] == asked[1]
    assert asked[0] == {"report_to": ["wandb"], "run_name": "sipf toy", "project": "ratchet"}
    assert os.environ["WANDB_RESUME"] == "allow" and os.environ["WANDB_RUN_ID"]
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == "runs/sipf-toy"


def test_a_variable_that_is_set_stays(variables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    trackers.tracker_arguments(["wandb"], "x")
    assert os.environ["WANDB_PROJECT"] == "mine"


def test_without_trackers_nothing_is_set(variables: None) -> None:
    assert trackers.tracker_arguments([], "x") == {"report_to": []}
    assert "WANDB_RUN_ID" not in os.environ


def test_a_run_without_an_experiment_is_named_by_its_parameters(
    variables: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert trackers.experiment_name() == "ratchet"
    text = "run: {recipe: sipf, task: toy, model: tiny}\nseed: 3\n"
    (tmp_path / "params.yaml").write_text(text)
    assert trackers.experiment_name() == "sipf-toy-tiny-3"


@pytest.mark.parametrize("given", ["wandb", ["wandb"]])
def test_one_name_is_a_list(given: Any) -> None:
    assert TrainerSettings.model_validate(TRAINER | {"report_to": given}).report_to == ["wandb"]


@pytest.mark.parametrize("given", ["wandbb", ["wandb", "x"], [1]])
def test_an_unknown_tracker_is_refused(given: Any) -> None:
    with pytest.raises(ValueError):
        TrainerSettings.model_validate(TRAINER | {"report_to": given})


def test_a_missing_package_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None if name != "dvclive" else 1)
    settings = TrainerSettings.model_validate(TRAINER | {"report_to": ["trackio", "dvclive"]})
    assert settings.missing_packages == "trackio"
    (message,) = [text for _, text in CONFLICTS if "report_to" in text]
    assert "`pip install trackio`" in message.format(trainer=settings)


def test_no_stage_runs_again_for_a_tracker() -> None:
    for document in documents().values():
        for entry in document["stages"].values():
            named = entry.get("do", entry).get("params", [])
            assert not {"trainer", "trainer.report_to"} & {n for n in named if isinstance(n, str)}
