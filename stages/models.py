"""Section `model` and the checkpoint folders: plain Hugging Face folders under models/."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from schemas.table import RatchetError
from stages.settings import Section, unknown


class ModelSettings(Section):
    """Section `model`: what kind of model the policy is."""

    section: ClassVar[str] = "model"
    kind: Literal["none", "scratch", "pretrained"]

    @classmethod
    def choose(cls, values: dict[str, Any]) -> type["ModelSettings"]:
        kinds: dict[str, type[ModelSettings]] = {
            "none": ModelSettings,
            "scratch": ScratchSettings,
            "pretrained": PretrainedSettings,
        }
        kind = str(values.get("kind"))
        if kind not in kinds:
            raise RatchetError(f"params.yaml: {unknown(f'model.kind={kind}', list(kinds))}")
        return kinds[kind]


class ScratchSettings(ModelSettings):
    """A Llama with random weights and a tokenizer trained on the problems at hand."""

    vocabulary: int = Field(ge=270, description="tokens, 256 bytes and specials included")
    width: int = Field(ge=8)
    layers: int = Field(ge=1)
    heads: int = Field(ge=1)
    kv_heads: int = Field(ge=1)
    feed_forward: int = Field(ge=8)
    max_positions: int = Field(ge=32)
    init_std: float = Field(gt=0)


class PretrainedSettings(ModelSettings):
    """A Hugging Face folder or id."""

    source: str = Field(min_length=1)


EMPTY = "NO_MODEL"


def mark_empty(folder: Path) -> None:
    """Makes a folder that says on purpose that there is no model."""
    (folder / EMPTY).write_text("model.kind is none: nothing is trained in this run\n")


def is_empty(folder: Path) -> bool:
    """Is this the folder of a run without a model?"""
    return (folder / EMPTY).exists()


def need_model(folder: Path) -> Path:
    """The folder, if a model is in it. Raises RatchetError if not."""
    if is_empty(folder):
        raise RatchetError(
            f"{folder} has no model (model.kind is none): choose one with -S model=tiny"
        )
    if not (folder / "config.json").exists():
        raise RatchetError(f"{folder} holds no model (no config.json): `dvc repro` makes it again")
    return folder


def starting_point(
    start: str, settings: ModelSettings, base: Path, first: Path, previous: Path
) -> Path:
    """The folder that `start` (base, sft or previous) means.

    A base of random weights can't write, so M0 takes its place: it is what the papers' pretrained
    base is to them, a model that was not yet aligned.
    """
    if start == "base" and isinstance(settings, ScratchSettings):
        return first
    return {"base": base, "sft": first, "previous": previous}[start]


def load_policy(folder: Path) -> tuple[Any, Any]:
    """(causal model, tokenizer) of a checkpoint folder."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder), load_tokenizer(folder)


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer; one without a padding token pads with EOS."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def save_tokenizer(tokenizer: Any, out: Path) -> None:
    """Saves a tokenizer without what only says how it was loaded.

    transformers keeps whether it was offline then; the model's digest must not depend on that.
    """
    for name in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(name, None)
    tokenizer.save_pretrained(out)
