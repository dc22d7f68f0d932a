"""The checkpoint folders: plain Hugging Face folders under models/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import RatchetError
from schemas.store import restore_hint
from stages.models.self_contained import check_self_contained
from stages.models.weights import load_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

EMPTY = "NO_MODEL"


def mark_empty(folder: Path, reason: str) -> None:
    """Marks a folder as having no model on purpose."""
    (folder / EMPTY).write_text(f"{reason}\n")


def is_empty(folder: Path) -> bool:
    """Whether this is the folder of a model that the run does not have."""
    return (folder / EMPTY).exists()


def require_model(folder: Path) -> Path:
    """The folder. Raises RatchetError if no model is in it, or files are missing or damaged."""
    if is_empty(folder):
        raise RatchetError(
            f"{folder} has no model (model.kind is none): choose one, such as -S model=tiny"
        )
    if not (folder / "config.json").exists():
        raise RatchetError(
            f"{folder} holds no model (no config.json): run `dvc repro` to make it again"
        )
    check_model_files(folder, restore_hint(folder))
    return folder


def load_policy(folder: Path) -> PreTrainedModel:
    """The causal model of a checkpoint folder, to draw from. Raises as `load_model` does."""
    return load_model(folder)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The folder's tokenizer; one without a padding token pads with EOS.

    Raises RatchetError if it can't be loaded, or has neither.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
    except (ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"{folder} holds no tokenizer that can be loaded ({reason}): {restore_hint(folder)}"
        ) from error
    if tokenizer.pad_token_id is None and tokenizer.eos_token_id is None:
        raise RatchetError(
            f"{folder} has a tokenizer without EOS and without a padding token, so no text could "
            f"end and no batch be filled: name its eos_token in tokenizer_config.json, or "
            f"{restore_hint(folder)}"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, out: Path) -> None:
    """Saves a tokenizer without the settings that only describe how it was loaded.

    transformers records whether it was offline, and the model's digest must not depend on that.
    """
    for name in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(name, None)
    tokenizer.save_pretrained(out)


def check_model_files(folder: Path, hint: str) -> None:
    """Checks a model's files without loading them.

    Raises RatchetError with the first file that is missing, damaged or from elsewhere, and the
    hint.
    """
    check_self_contained(folder, hint)
    for file in sorted(folder.glob("*.json")):
        try:
            json.loads(file.read_bytes())
        except ValueError as error:
            raise RatchetError(f"{file} is damaged (not valid JSON): {hint}") from error
    index = folder / "model.safetensors.index.json"
    shards = json.loads(index.read_bytes())["weight_map"].values() if index.exists() else []
    weights = sorted({*folder.glob("*.safetensors"), *(folder / name for name in shards)})
    if not weights:
        raise RatchetError(f"{folder} has no weights (.safetensors): {hint}")
    for file in weights:
        if not file.exists():
            raise RatchetError(f"{file} is missing: {hint}")
        if file.stat().st_size != _expected_size(file):
            raise RatchetError(f"{file} is damaged (its size is wrong): {hint}")


def _expected_size(file: Path) -> int | None:
    """Bytes that a safetensors file must have, by its header; None if that can't be read."""
    try:
        with file.open("rb") as start:
            length = int.from_bytes(start.read(8), "little")
            header = json.loads(start.read(min(length, file.stat().st_size)))
        ends = [t["data_offsets"][1] for name, t in header.items() if name != "__metadata__"]
        return 8 + length + max(ends, default=0)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
