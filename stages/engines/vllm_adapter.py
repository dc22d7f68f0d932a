"""Adapters served unmerged: the base's weights, and the low-rank matrices beside them.

A model made with `model.adapter` is saved merged, and its adapter alone in the folder `adapter/`,
which names the base that it was trained on. Merging rounds the sum to the precision of the base;
an adapter that is served separately keeps its own precision.
"""

import json
from pathlib import Path

from schemas.errors import RatchetError
from stages.models.folders import require_model

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # largest ranks that vLLM can be started for


def weights_and_adapter(model: Path, adapter: str) -> tuple[Path, Path | None]:
    """(weights, adapter folder) to serve: (base, adapter) if `adapter` is "apart" and there is one.

    Otherwise (merged model, None). Raises RatchetError if the adapter's base is missing.
    """
    folder = model / "adapter"
    if adapter == "merged" or not folder.is_dir():
        return model, None
    base = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
    if base is None or not (Path(base) / "config.json").exists():
        raise RatchetError(
            f"the adapter {folder} needs its base model "
            f"{base or '(which it does not name)'}, which is missing: run `dvc checkout`, or set "
            "engine.adapter=merged"
        )
    return require_model(Path(base)), folder


def max_lora_rank(adapter: Path) -> int:
    """The smallest of vLLM's ranks that the adapter fits in. Raises RatchetError if none does."""
    rank = int(json.loads((adapter / "adapter_config.json").read_text())["r"])
    if rank > RANKS[-1]:
        raise RatchetError(
            f"{adapter} has rank {rank}, and vLLM takes {RANKS[-1]} at most: set "
            "engine.adapter=merged"
        )
    return min(size for size in RANKS if size >= rank)
