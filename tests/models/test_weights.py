"""Weights that are not what the configuration asks for: one line, wherever they are loaded."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from stages.models.folders import load_policy
from stages.models.model_source import fetch
from stages.models.weights import check_weights, load_model

NORM, UP = "model.norm.weight", "model.layers.0.mlp.up_proj.weight"
Tensors = dict[str, Any]


def edit(folder: Path, change: Callable[[Tensors], object]) -> None:
    """Changes the tensors of a model folder's file."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def shard(folder: Path, lost: str | None = None) -> None:
    """Splits the weights into two files with an index; the second file lacks the tensor `lost`."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    files = {name: f"model-{1 + (name == UP)}.safetensors" for name in tensors}
    for file in {*files.values()}:
        held = {n: t for n, t in tensors.items() if files[n] == file and n != lost}
        save_file(held, folder / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": files}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def fill(name: str, value: float) -> Callable[[Path], None]:
    return lambda folder: edit(folder, lambda tensors: tensors[name].view(-1)[:1].fill_(value))


def half(tensors: Tensors) -> None:
    tensors[UP] = tensors[UP][:8].clone()


def extra(tensors: Tensors) -> None:
    tensors["model.layers.0.mlp.gate_proj.bias"] = tensors[NORM].clone()


def other_head(tensors: Tensors) -> None:
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] + 1


def no_embedding(tensors: Tensors) -> None:
    del tensors["model.embed_tokens.weight"]


def narrow(folder: Path) -> None:
    """A width that no matrix can have."""
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"head_dim": -16}))


FAULTS: list[tuple[Callable[[Path], None], str]] = [
    (lambda f: edit(f, lambda t: t.pop(UP)), f"lack {UP}, which its config.json asks for"),
    (lambda f: edit(f, no_embedding), "lack lm_head.weight and 1 more, which"),
    (
        lambda f: edit(f, extra),
        "have model.layers.0.mlp.gate_proj.bias, which its config",
    ),
    (lambda f: edit(f, half), f"have {UP} of shape 8 × "),
    (fill(NORM, float("nan")), f"have NaN or infinity in {NORM}"),
    (fill(UP, float("inf")), f"have NaN or infinity in {UP}"),
    (fill(UP, float("-inf")), f"have NaN or infinity in {UP}"),
    (lambda f: shard(f, lost=UP), UP),
    (narrow, "its config.json makes no model (Trying to create tensor with negative dimension"),
]


@pytest.fixture
def damaged(checkpoint: Path, tmp_path: Path) -> Path:
    shutil.copytree(checkpoint, tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize(("damage", "line"), FAULTS)
def test_weights_that_do_not_fit_are_one_line(
    damaged: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    line: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    damage(damaged)
    capfd.readouterr()
    loads: list[Callable[[], object]] = [
        lambda: load_policy(damaged),
        lambda: check_weights(damaged, "model.source: M", "mend it"),
        lambda: fetch(str(damaged), "model.source", tmp_path / "out"),
    ]
    for load in loads:
        with pytest.raises(RatchetError) as error:
            load()
        assert line in str(error.value) and "\n" not in str(error.value)
    assert "UNEXPECTED" not in (said := capfd.readouterr().err) and "MISSING" not in said


def test_a_head_that_is_not_the_embedding_is_one_line(damaged: Path) -> None:
    edit(damaged, other_head)
    with pytest.raises(RatchetError, match="embedding and head are one tensor, but the weights"):
        load_policy(damaged)


@pytest.mark.parametrize("change", [lambda f: None, shard], ids=["one file", "two files"])
def test_sound_weights_load(damaged: Path, change: Callable[[Path], None]) -> None:
    change(damaged)
    check_weights(damaged, "", "")
    assert load_policy(damaged).get_parameter(NORM).isfinite().all()


def test_only_a_model_to_train_may_get_a_new_head(damaged: Path) -> None:
    kind = "AutoModelForTokenClassification"
    with pytest.raises(RatchetError, match=r"lack score\.bias and 1 more"):
        load_model(damaged, kind, num_labels=1)
    assert load_model(damaged, kind, new_head=True, num_labels=1).score.out_features == 1
    edit(damaged, lambda tensors: tensors.pop(UP))
    with pytest.raises(RatchetError, match=f"lack {UP}"):
        load_model(damaged, kind, new_head=True, num_labels=1)
