"""The command of a control: its steps and tokens, and what it shares with the run."""

import shlex
from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.costs import Costs
from schemas.errors import RatchetError
from stages.contract.dvc_files import params
from stages.explore.control_command import show_control
from stages.explore.plan_command import compose
from tests.fakes.fake_run import plant

CHANGES = ["seed=3", "sft.epochs=2", "align.rate_scale=0.5", "align.start=previous",
           "+task.suites.toy_odd={max_operand: 5, max_value: 9, n_test: 3}",
           "~task.suites.toy_large", "model.system='Think: step, by step'"]  # fmt: skip


def plant_run(folder: Path, *overrides: str, steps: tuple[int, ...] = (24, 31)) -> None:
    """A run whose alignments took these steps of a hundred tokens."""
    plant(folder)
    (folder / "params.yaml").write_text(params("recipe=rft", "iteration=2", *overrides))
    for iteration, count in enumerate(steps, 1):
        row = dict.fromkeys(Costs.stored_columns(), 0) | {"elapsed_s": 1.0, "cpu_s": 1.0}
        row |= {"peak_memory_mb": 1.0, "n_optimiser_steps": count, "n_trained_tokens": 100 * count}
        store.write(pl.DataFrame([row]), Costs, iteration=iteration, stage="align")


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The settings of the command that was printed."""
    show_control("workspace", "control")
    words = shlex.split(capsys.readouterr().out)
    assert words[:5] == ["dvc", "exp", "run", "-n", "control"]
    assert set(words[5::2]) == {"-S"}
    return words[6::2]


@pytest.mark.parametrize("changes", [[], *([change] for change in CHANGES), CHANGES])
def test_a_control_differs_from_its_run_in_rows_and_objective_alone(
    run_folder: Path, capsys: pytest.CaptureFixture[str], changes: list[str]
) -> None:
    plant_run(run_folder, *changes)
    control = compose(printed(capsys))
    run = compose(["recipe=rft", "iteration=2", *changes])
    for section in ("seed", "iteration", "task", "model", "engine", "trainer", "sft", "evaluate"):
        assert control[section] == run[section], section
    same = ("start", "rate_scale", "learning_rate", "schedule", "warmup", "weight_decay")
    assert all(control["align"][name] == run["align"][name] for name in same)
    assert control["run"]["recipe"] == "control" and control["pair"]["rows"] == "gold"
    budgets = [{"steps": 24, "tokens": 2400}, {"steps": 31, "tokens": 3100}]
    assert control["align"]["budgets"] == budgets


def test_a_run_that_trained_nothing_is_one_line(run_folder: Path) -> None:
    plant_run(run_folder, steps=(24, 0))
    with pytest.raises(RatchetError, match="workspace trained in 1 of 2 iterations"):
        show_control("workspace", "control")
    (run_folder / "params.yaml").unlink()
    with pytest.raises(RatchetError, match=r"workspace has no params\.yaml of a run"):
        show_control("workspace", "control")
