"""A model folder depends on nothing outside it: no links, no other paths, no other's adapter."""

import json
from pathlib import Path

from schemas.errors import RatchetError
from stages.pipeline.cache_dir import cache_dir

ADAPTER, INDEX = "adapter_config.json", "model.safetensors.index.json"


def check_self_contained(folder: Path, hint: str) -> None:
    """Raises RatchetError with the first file that takes weights, or its bytes, from elsewhere."""
    if (folder / ADAPTER).exists():
        raise RatchetError(
            f"{folder} is an adapter ({ADAPTER}), whose weights are another model's: merge it into "
            "its base with peft's merge_and_unload, save that, and name the saved folder"
        )
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not _is_own(path, folder):
            raise RatchetError(
                f"{path} is a link to {path.readlink()}: put the file itself there, or {hint}"
            )
    for name in _shards(folder):
        if name != Path(name).name or name in ("", ".", ".."):
            raise RatchetError(f"{folder / INDEX} names {name}, which is not in the folder: {hint}")


def _is_own(link: Path, folder: Path) -> bool:
    """Whether a link leads to the folder, to DVC's cache, or from a download to its own blobs.

    DVC and huggingface_hub keep a file once, and link to it.
    """
    owners = [folder, cache_dir("files")]
    if folder.resolve().parent.name == "snapshots":
        owners.append(folder.resolve().parent.parent / "blobs")
    return any(link.resolve().is_relative_to(owner.resolve()) for owner in owners)


def _shards(folder: Path) -> list[str]:
    try:
        return [str(n) for n in json.loads((folder / INDEX).read_bytes())["weight_map"].values()]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return []  # there is none, or it is damaged: see `check_model_files`
