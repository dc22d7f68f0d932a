"""The GPU check runs the same code on a processor, so that it does not rot."""

import math
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT
from stages.training.training_settings import OBJECTIVES
from tests import gpu_check


def test_every_objective_and_the_engine_are_checked(run_folder: Path) -> None:
    import torch

    found = [*gpu_check.check(["tiny"], steps=10, draws=1, device=torch.device("cpu"))]
    assert [row.what for row in found] == [*sorted(OBJECTIVES), "verifier", "sampling"]
    assert [row.fault for row in found] == [""] * len(found)
    for row in found[:-1]:
        assert len(row.losses) == 1 and math.isfinite(row.losses[0])
        assert row.step_ms and row.line().startswith(f"tiny  {row.what}")
    assert found[-1].tokens_per_s


def test_a_fault_is_a_row(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def refused(*_: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried\nmore")

    monkeypatch.setattr(gpu_check, "train_verifier", refused)
    row = gpu_check.trained(
        "tiny", "verifier", run_folder, run_folder / "m", 1, torch.device("cpu")
    )
    assert row.line().endswith("FAILED: CUDA out of memory. Tried")


def test_without_a_gpu_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    gpu_check.main()
    assert capsys.readouterr().out == "no GPU here: nothing checked\n"
    assert "\ngpu-check:" in (ROOT / "Makefile").read_text()
