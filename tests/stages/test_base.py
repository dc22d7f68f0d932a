"""The base model, and the weights from elsewhere that verifiers start from."""

from pathlib import Path

import pytest

from stages.base import base
from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import is_empty
from stages.pipeline.stage_run import StageRun
from tests.fakes.small_settings import scratch_settings
from tests.fakes.toy_problems import toy_problems


@pytest.mark.parametrize("start", ["policy", "base", "sft", "simulator", "a folder"])
def test_a_verifier_s_weights_from_elsewhere_are_fetched_once_for_all_rounds(
    checkpoint: Path, tmp_path: Path, start: str
) -> None:
    source = str(checkpoint) if start == "a folder" else start
    out, fetched = tmp_path / "base", tmp_path / "start"
    for folder in (out, fetched):
        folder.mkdir()
    settings = scratch_settings().model_copy(update={"verifier": source})
    base(toy_problems(), settings, ComputeSettings(threads=1), StageRun(0, 0), out, fetched)
    assert is_empty(fetched) is (start != "a folder")
    weights = "model.safetensors"
    if start == "a folder":
        assert (fetched / weights).read_bytes() == (checkpoint / weights).read_bytes()
