"""models/kept: the files are those of the digests, load, and have the shape of their recipe."""

import hashlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stages.base import BaseSettings, base
from stages.compute.compute_settings import ComputeSettings
from stages.contract.dvc_files import ROOT, parameter_values
from stages.models.completion_server import SimulatorServerSettings
from stages.models.folders import load_policy
from stages.models.model_settings import ModelSettings
from stages.models.tokens import Encoder
from stages.pipeline.params import parse
from stages.pipeline.stage_run import StageRun
from stages.simulator import SimulatorSettings, simulator
from stages.tasks.task import TaskSettings
from stages.training.training_settings import TrainerSettings

KEPT = ROOT / "models/kept"
NAMES = ("toy-base", "toy-simulator")
LIMIT = 2_000_000  # bytes of one model
SMALL = ("n_per_level=4", "max_steps=10")  # a loss is written every tenth


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    """The parameters of `make kept`, with few texts and steps."""
    few = [f"{section}.{size}" for section in ("base", "simulator") for size in SMALL]
    return parameter_values("model=tiny_pretrained_anew", "compute.threads=1", *few)


def test_the_files_are_those_of_the_digests() -> None:
    lines = (KEPT / "SHA256SUMS").read_text().splitlines()
    stated = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = [file for name in NAMES for file in sorted((KEPT / name).rglob("*")) if file.is_file()]
    found = {
        str(file.relative_to(KEPT)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }
    assert stated == found


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_model_is_small_and_loads(name: str) -> None:
    assert sum(file.stat().st_size for file in (KEPT / name).rglob("*")) < LIMIT
    encoder = Encoder.load(KEPT / name)
    model = load_policy(KEPT / name)
    assert model.config.vocab_size == len(encoder.tokenizer)


@pytest.mark.parametrize("name", NAMES)
def test_the_recipe_makes_such_a_model(
    recipe: dict[str, Any], name: str, problems: pl.DataFrame, run_folder: Path
) -> None:
    out, start = run_folder / "out", run_folder / "start"
    out.mkdir()
    start.mkdir()
    shared = {
        "problems": problems,
        "model": parse(ModelSettings, recipe),
        "trainer": parse(TrainerSettings, recipe),
        "task": parse(TaskSettings, recipe),
        "compute": ComputeSettings(threads=1),
        "out": out,
    }
    if name == "toy-base":
        settings = parse(BaseSettings, recipe)
        run = StageRun(0, 0, "base")
        tables = base(**shared, base=settings, stage_run=run, verifier_start=start)
    else:
        tables = simulator(
            **shared,
            simulator=parse(SimulatorSettings, recipe),
            simulator_server=parse(SimulatorServerSettings, recipe),
            stage_run=StageRun(0, 0, "simulator"),
        )
    assert tables["losses"].height
    made, kept = load_policy(out), load_policy(KEPT / name)
    assert _shapes(made) == _shapes(kept)
    assert {file.name for file in out.iterdir()} == {file.name for file in (KEPT / name).iterdir()}


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Of each tensor but the vocabulary's, which grows with the texts."""
    state = model.state_dict().items()
    words = ("embed_tokens", "lm_head")
    return {name: tuple(t.shape) for name, t in state if not any(word in name for word in words)}


def test_the_two_models_train_and_label_alike() -> None:
    """The kept ones and those made in the run differ in where the models come from alone."""
    kept, anew = (
        parameter_values(f"model={m}") for m in ("tiny_pretrained", "tiny_pretrained_anew")
    )
    differ = {name for name in kept if kept[name] != anew[name]}
    assert differ == {"run", "model", "base", "simulator"}
