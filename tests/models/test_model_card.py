"""The card that a training stage writes: it says how to ask the model, and what it says is so."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from stages.models.model_card import QUESTION
from stages.models.tokens import Encoder
from stages.objectives.objective_list import load_objective
from stages.objectives.reward_model import train_verifier
from stages.training.job import Job
from tests.fakes.training_jobs import EXAMPLES, examples, job, rows_of

CODE = re.compile(r"```python\n(.*?)```", re.S)


@pytest.fixture(scope="module")
def policy(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint after two steps of SFT."""
    out = tmp_path_factory.mktemp("policy") / "out"
    run = job("sft", checkpoint, out, max_steps=2)
    load_objective("sft").train(run, rows_of("sft"))
    return out


@pytest.fixture(scope="module")
def verifier(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A verifier after two steps."""
    out = tmp_path_factory.mktemp("verifier") / "out"
    run: Job = job("sft", checkpoint, out, max_steps=2)
    rows = examples(EXAMPLES).drop_nulls("step_labels").rename({"step_labels": "labels"})
    train_verifier(run, rows.with_columns(path_id="example_id"))
    return out


def code_of(folder: Path) -> str:
    """The card's example, of the model in this folder."""
    (block,) = CODE.findall((folder / "README.md").read_text())
    return str(block).replace("path/to/this/folder", str(folder))


def test_the_example_asks_as_evaluation_does(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from stages.compute.compute_settings import ComputeSettings, set_up
    from stages.engines.decoder.transformers_engine import TransformersEngine
    from stages.engines.engine import Request
    from stages.models.sampling import Sampling

    exec(code_of(policy), {})
    printed = capsys.readouterr().out.removesuffix("\n")
    compute = ComputeSettings.model_validate({"threads": 1, "ray": None, "launch": None})
    engine = TransformersEngine(policy, 8, set_up(compute, 0))
    request = Request(f"{QUESTION}\n", 0, 0)  # as the rows that it was trained on
    (own,) = engine.complete([request], Sampling(0.0, 1.0, 256))
    assert printed[:100] == own.text[:100]


def test_the_verifiers_example_reads_the_steps_of_training(
    verifier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoModelForTokenClassification

    exec(code_of(verifier), {})
    shown = [float(x) for x in re.findall(r"[01]\.\d+", capsys.readouterr().out)]
    row = Encoder.load(verifier).encode(
        f"{QUESTION}\n", ["Ann: 7+5=12\n", "#### 12"], 512, ends=False
    )
    model: Any = AutoModelForTokenClassification.from_pretrained(verifier)
    with torch.no_grad():
        logits = model(torch.tensor([row.ids])).logits[0, row.step_ends, 0]
    assert shown == pytest.approx(torch.sigmoid(logits).tolist(), abs=1e-4)
    assert model.config.id2label == {0: "right"}


def test_equal_training_writes_equal_bytes(checkpoint: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run = job("sft", checkpoint, tmp_path / name, max_steps=1)
        load_objective("sft").train(run, rows_of("sft"))
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_the_card_loads_as_the_hubs(policy: Path, verifier: Path) -> None:
    from huggingface_hub import ModelCard

    tasks = [
        ModelCard.load(folder / "README.md").data.pipeline_tag for folder in (policy, verifier)
    ]
    assert tasks == ["text-generation", "token-classification"]
