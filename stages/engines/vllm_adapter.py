"""Serves adapters without merging: the base's weights, with the low-rank matrices beside them.

A model made with `model.adapter` is saved merged, and its adapter also by itself in the folder
`adapter/`, which names the base that it was trained on. Merging rounds the sum to the precision of
the base; served separately, the adapter keeps its own.
"""

import json
from pathlib import Path

from schemas.errors import RatchetError
from stages.models.folders import require_model

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # the values that vLLM allows for max_lora_rank


def weights_and_adapter(model: Path, adapter: str) -> tuple[Path, Path | None]:
    """(weights, adapter folder) to serve; the folder is None for a merged or full model.

    Raises RatchetError if the adapter's base is missing.
    """
    folder = model / "adapter"
    if adapter == "merged" or not folder.is_dir():
        return model, None
    base = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    if base and (Path(base).is_absolute() or ".." in Path(base).parts):
        raise RatchetError(
            f"the adapter {folder} names the base model {base}, which is not a model of this run: "
            "set engine.adapter=merged"
        )
    if base is None or not (Path(base) / "config.json").exists():
        raise RatchetError(
            f"the adapter {folder} needs its base model {base or '(it names none)'}, which is "
            "missing: run `dvc checkout`, or set engine.adapter=merged"
        )
    return require_model(Path(base)), folder


def max_lora_rank(adapter: Path) -> int:
    """The smallest rank in RANKS that fits the adapter. Raises RatchetError if it is too large."""
    rank = int(json.loads((adapter / "adapter_config.json").read_text())["r"])
    if rank > RANKS[-1]:
        raise RatchetError(
            f"{adapter} has rank {rank}, but vLLM takes at most {RANKS[-1]}: "
            "set engine.adapter=merged"
        )
    return min(size for size in RANKS if size >= rank)
