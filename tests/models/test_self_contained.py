"""Model folders that take weights or bytes from elsewhere, or bring code: refused in one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.engines.vllm_adapter import weights_and_adapter
from stages.models.folders import load_policy, load_tokenizer, require_model
from stages.models.model_source import fetch

CODE = "import pathlib\npathlib.Path('ran').touch()\nclass Thing: pass\n"


@pytest.fixture
def given(checkpoint: Path, run_folder: Path) -> Path:
    """A model folder to spoil, beside a file that is not its own."""
    shutil.copytree(checkpoint, run_folder / "given")
    (run_folder / "secret").write_text("another's")
    return run_folder / "given"


def link(folder: Path) -> None:
    (folder / "notes.txt").symlink_to(folder.parent / "secret")


def link_weights(folder: Path) -> None:
    shutil.move(folder / "model.safetensors", folder.parent / "weights")
    (folder / "model.safetensors").symlink_to("../weights")


def link_a_folder(folder: Path) -> None:
    (folder / "more").symlink_to(folder.parent)


def name_a_shard_elsewhere(folder: Path) -> None:
    shutil.copy(folder / "model.safetensors", folder.parent / "w.safetensors")
    index = {"metadata": {}, "weight_map": {"model.norm.weight": "../w.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def be_an_adapter(folder: Path) -> None:
    config = {"peft_type": "LORA", "base_model_name_or_path": "somebody/else", "r": 4}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def bring_code(folder: Path) -> None:
    """A kind of model that transformers does not know, with a module that defines it."""
    (folder / "own.py").write_text(CODE)
    own = {"AutoConfig": "own.Thing", "AutoModelForCausalLM": "own.Thing"}
    config = json.loads((folder / "config.json").read_text())
    changed = config | {"auto_map": own, "model_type": "own"}
    (folder / "config.json").write_text(json.dumps(changed))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (link, "notes.txt is a link to"),
        (link_weights, "model.safetensors is a link to ../weights"),
        (link_a_folder, "more is a link to"),
        (
            name_a_shard_elsewhere,
            "names ../w.safetensors, which is not in the folder",
        ),
        (be_an_adapter, "is an adapter (adapter_config.json), whose weights are another model's"),
    ],
)
def test_what_comes_from_elsewhere_is_refused(
    given: Path, spoil: Callable[[Path], None], line: str
) -> None:
    spoil(given)
    for take in (require_model, lambda folder: fetch(str(folder), "model.source", Path("out"))):
        with pytest.raises(RatchetError) as error:
            take(given)
        assert line in str(error.value) and "\n" not in str(error.value)
    assert not Path("out").exists()


def test_code_of_a_model_never_runs(given: Path) -> None:
    bring_code(given)
    with pytest.raises(RatchetError, match="needs code of its own, which is never run") as error:
        fetch(str(given), "model.source", Path("out"))
    assert "trust_remote_code" not in str(error.value) and not Path("ran").exists()


def test_code_beside_a_known_model_is_not_taken_along(given: Path) -> None:
    (given / "own.py").write_text(CODE)
    (given / "pytorch_model.bin").write_bytes(b"a pickle")
    config = json.loads((given / "config.json").read_text())
    auto = {"auto_map": {"AutoModelForCausalLM": "own.Thing"}}
    (given / "config.json").write_text(json.dumps(config | auto))
    fetch(str(given), "model.source", Path("out"))
    load_policy(Path("out"))
    load_tokenizer(Path("out"))
    names = {path.name for path in Path("out").iterdir()}
    assert not Path("ran").exists() and not names & {"own.py", "pytorch_model.bin"}


def test_links_of_a_download_and_of_dvcs_cache_are_followed(given: Path) -> None:
    blobs, snapshot = Path("hub/blobs"), Path("hub/snapshots/abc")
    cached = Path(".dvc/cache/files/md5/ab")
    for folder in (blobs, snapshot, cached):
        folder.mkdir(parents=True)
    for file in given.iterdir():
        shutil.copy(file, blobs / file.name)
        (snapshot / file.name).symlink_to(f"../../blobs/{file.name}")
    fetch(str(snapshot), "model.source", Path("out"))
    assert not any(path.is_symlink() for path in Path("out").rglob("*"))
    shutil.move(Path("out/model.safetensors"), cached / "cdef")
    Path("out/model.safetensors").symlink_to((cached / "cdef").resolve())
    assert require_model(Path("out"))


@pytest.mark.parametrize("base", ["../given", "{given}", "models/../../given"])
def test_an_adapter_apart_lies_on_a_model_of_the_run(given: Path, base: str) -> None:
    (folder := Path("tuned/adapter")).mkdir(parents=True)
    name = base.format(given=given)
    config = {"base_model_name_or_path": name, "r": 4}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(RatchetError, match="is not a model of this run"):
        weights_and_adapter(Path("tuned"), "apart")
