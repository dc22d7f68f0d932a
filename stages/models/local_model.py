"""The model that a setting names, if it is on this machine: a folder, or a GGUF file."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from schemas.errors import RatchetError
from stages.models.installed_package import PREFIX

GGUF = ".gguf"
HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")  # name, or owner/name
# what no stage loads: code, other forms of the weights, and those that run code when they load
UNUSED = ["*.py", "*.bin", "*.pth", "*.pt", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.gguf"]


def find_model(source: str, parameter: str) -> Path | None:
    """The folder or GGUF file; None for an id of the hub, or a file in a package.

    `parameter` names the setting in errors. Raises RatchetError if there is no such file, the
    folder has no config.json or no weights that are safe to load, or it is neither there nor an id.
    """
    local = Path(source).expanduser()
    if source.startswith(PREFIX):
        return None
    if local.suffix.lower() == GGUF and not local.is_dir():
        if not local.is_file():
            raise RatchetError(f"{parameter}: there is no file {local}: set it to a GGUF file")
        return local
    if not (local.exists() or local.is_absolute() or source.startswith((".", "~"))):
        if HUB_ID.fullmatch(source):
            return None
        raise RatchetError(
            f"{parameter}: there is no folder {source}, and an id of the hub is owner/name: set it "
            "to one of them"
        )
    if not (local / "config.json").exists():
        ggufs = sorted(file.name for file in local.glob(f"*{GGUF}"))
        hint = f"one of its GGUF files, such as {local / ggufs[0]}" if ggufs else "a model id"
        raise RatchetError(
            f"{parameter}: {local} is not a model folder (it has no config.json): set it to one, "
            f"or to {hint}"
        )
    require_weights(local, local, parameter)
    return local


def require_weights(folder: Path, named: Path | str, parameter: str) -> None:
    """Raises RatchetError if a model's folder has no weights in safetensors files."""
    if [*folder.glob("*.safetensors")]:
        return
    old = "only .bin weights, which can run code when they load" if [*folder.glob("*.bin")] else ""
    raise RatchetError(
        f"{parameter}: {named} has {old or 'no .safetensors weights'}: load the model with "
        "transformers and save it again with save_pretrained"
    )


def files_of(model: Path) -> list[Path]:
    """What a stage copies of a model folder, in order; a file alone is itself."""
    if model.is_file():
        return [model]
    files = sorted(path for path in model.rglob("*") if not path.is_dir())
    return [path for path in files if not any(fnmatch(path.name, form) for form in UNUSED)]
