"""Shapes of models: read from their configs, and as large as their makers say."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from schemas import store
from schemas.errors import RatchetError
from schemas.settings import Settings
from stages.contract.dvc_files import ROOT
from stages.models.model_settings import PretrainedSettings, Shape
from stages.planning.shapes import (
    BASE,
    adapter_parameters,
    count_parameters,
    find_shape,
    read_shape,
    require_shape,
)
from tests.fakes.small_settings import BARE

SMALL = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 4000}
ELSEWHERE = BARE | {
    **{"kind": "pretrained", "source": "some/id", "adapter": None},
    **{"simulator": "policy", "simulator_revision": None},
    **{"verifier": "policy", "verifier_revision": None},
}
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("Llama", SMALL | {"num_key_value_heads": 2, "intermediate_size": 160}),
    ("Mistral", SMALL | {"num_key_value_heads": 2, "intermediate_size": 160, "head_dim": 16}),
    ("Qwen2", SMALL | {"num_key_value_heads": 2, "intermediate_size": 160}),
    ("Qwen3", SMALL | {"num_key_value_heads": 2, "intermediate_size": 160, "head_dim": 32}),
    ("Gemma", SMALL | {"num_key_value_heads": 1, "intermediate_size": 160, "head_dim": 32}),
    ("Gemma2", SMALL | {"num_key_value_heads": 2, "intermediate_size": 160, "head_dim": 32}),
    ("Gemma3Text", SMALL | {"num_key_value_heads": 1, "intermediate_size": 160, "head_dim": 32}),
    ("Phi", SMALL | {"intermediate_size": 256}),
    ("GPT2", {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 4000, "n_positions": 128}),
]
PUBLISHED = {  # millions of parameters: the makers' papers and model cards, or the weights' header
    "tinyllama-1.1b": 1100,
    "phi-1.5": 1418,
    "gemma-2b": 2506,
    "deepseek-math-7b": 6910,
    "deepseek-math-7b-instruct": 6910,
    "deepseek-math-7b-rl": 6910,
    "deepseek-coder-6.7b-instruct": 6740,
    "deepseek-coder-1.3b": 1346,
    "llama-2-7b": 6738,
    "llama-3-8b": 8030,
    "llama-3.1-8b-instruct": 8030,
    "llama-3.1-70b-instruct": 70554,
    "llama-3.3-70b-instruct": 70554,
    "mistral-7b-v0.3": 7248,
    "codellama-13b": 13016,
    "qwen2.5-0.5b": 494,
    "qwen2.5-0.5b-instruct": 494,
    "qwen2.5-1.5b": 1544,
    "qwen2.5-1.5b-instruct": 1544,
    "qwen2.5-math-1.5b": 1544,
    "qwen3-0.6b": 596,
    "smollm2-135m": 134.5,
    "smollm2-360m": 362,
    "smollm2-1.7b-instruct": 1711,
    "gemma-3-270m": 268,
    "gemma-3-1b": 1000,
}


def model_files() -> dict[str, dict[str, Any]]:
    """Name → section `model` of the files that give a shape."""
    files = {p.stem: yaml.safe_load(p.read_text()) for p in (ROOT / "conf/model").glob("*.yaml")}
    return {name: f["model"] for name, f in files.items() if f.get("model", {}).get("shape")}


@pytest.mark.parametrize(("kind", "sizes"), KINDS, ids=lambda case: str(case)[:10])
def test_parameters_are_those_of_the_model(kind: str, sizes: dict[str, Any]) -> None:
    import transformers

    small = {"max_position_embeddings": 128, "pad_token_id": 0} if kind != "GPT2" else {}
    config = getattr(transformers, f"{kind}Config")(**sizes, **small)
    name = "GPT2LMHeadModel" if kind == "GPT2" else f"{kind.removesuffix('Text')}ForCausalLM"
    model = getattr(transformers, name)(config)
    shape = read_shape(config.to_dict())
    assert shape is not None
    assert count_parameters(shape) == pytest.approx(model.num_parameters(), rel=0.01)


def test_every_file_with_a_shape_has_a_published_size() -> None:
    assert set(model_files()) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_shapes_are_as_large_as_published(name: str) -> None:
    shape = Shape(**model_files()[name]["shape"])
    assert count_parameters(shape) / 1e6 == pytest.approx(PUBLISHED[name], rel=0.01)


def test_adapters_of_gemma_2b_at_rank_256() -> None:
    assert adapter_parameters(Shape(**model_files()["gemma-2b"]["shape"]), 256) == 313_786_368


def test_without_a_shape_the_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = PretrainedSettings.model_validate(ELSEWHERE)
    with pytest.raises(RatchetError, match=r"model\.source=some/id .* give model\.shape="):
        require_shape(model)


@pytest.mark.parametrize("fetched", ["some/id", "another/id"])
def test_what_the_last_run_fetched_counts_only_for_its_source(
    run_folder: Path, checkpoint: Path, fetched: str
) -> None:
    model = PretrainedSettings.model_validate(ELSEWHERE)
    shutil.copytree(checkpoint, BASE)
    row = {"section": "model", "name": "source", "value": json.dumps(fetched)}
    store.write(pl.DataFrame([row]), Settings)
    assert (find_shape(model) is not None) == (fetched == model.source)
