"""Section `model` and the checkpoint folders: plain Hugging Face folders under models/."""

import shutil
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.store import brought_back
from schemas.table import RatchetError
from stages.mishaps import check_model
from stages.settings import Section, unknown

POLICY, TRAINED, SIMULATOR, SERVER = "policy", "trained", "simulator", "server"  # no folder or id


class AdapterSettings(BaseModel):
    """Low-rank adapters in place of full fine-tuning (SIPF Table 5); bits 4 is QLoRA."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    rank: int = Field(ge=1)
    alpha: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    bits: Literal[4, 16]


class ModelSettings(Section):
    """Section `model`: what kind of model the policy is, and who simulates and verifies.

    `simulator`: policy (the previous iteration's model), trained (section `simulator`), server
    (section `simulator_server`), or a folder or id. `verifier`: what the verifier's weights start
    from: policy, base, sft, simulator, or a folder or id.
    """

    section: ClassVar[str] = "model"
    kind: Literal["none", "scratch", "pretrained"]
    simulator: str = Field(min_length=1)
    verifier: str = Field(min_length=1)
    adapter: AdapterSettings | None

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


class Architecture(Section):
    """A small Llama with its own tokenizer."""

    vocabulary: int = Field(ge=270, description="tokens, 256 bytes and specials included")
    width: int = Field(ge=8)
    layers: int = Field(ge=1)
    heads: int = Field(ge=1)
    kv_heads: int = Field(ge=1)
    feed_forward: int = Field(ge=8)
    max_positions: int = Field(ge=32)
    init_std: float = Field(gt=0)

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.width % self.heads or self.heads % self.kv_heads:
            raise ValueError(
                f"{self.heads} heads and {self.kv_heads} kv_heads do not fit a width of "
                f"{self.width}: heads must divide width, and kv_heads heads"
            )
        return self


class ScratchSettings(ModelSettings, Architecture):
    """A policy with random weights and a tokenizer trained on the problems at hand."""


class PretrainedSettings(ModelSettings):
    """A Hugging Face folder or id."""

    source: str = Field(min_length=1)


EMPTY = "NO_MODEL"


def mark_empty(folder: Path, reason: str) -> None:
    """Makes a folder that says on purpose that there is no model."""
    (folder / EMPTY).write_text(f"{reason}\n")


def is_empty(folder: Path) -> bool:
    """Is this the folder of a model that the run does not have?"""
    return (folder / EMPTY).exists()


def need_model(folder: Path) -> Path:
    """The folder, if a model is in it. Raises RatchetError if not."""
    if is_empty(folder):
        raise RatchetError(
            f"{folder} has no model (model.kind is none): choose one with -S model=tiny"
        )
    if not (folder / "config.json").exists():
        raise RatchetError(f"{folder} holds no model (no config.json): `dvc repro` makes it again")
    check_model(folder, brought_back(folder))
    return folder


def fetch(source: str, parameter: str, out: Path) -> None:
    """Copies a local folder, or downloads a model id. Raises RatchetError if it is neither."""
    local = Path(source).expanduser()
    if local.exists() or local.is_absolute() or source.startswith("."):
        if not (local / "config.json").exists():
            raise RatchetError(f"{parameter}: {local} is no model folder (it has no config.json)")
        _must_hold_weights(local, parameter)
        check_model(local, f"copy it anew, or set {parameter} to another")
        shutil.copytree(local, out, dirs_exist_ok=True)
        return
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(source, local_dir=out, ignore_patterns=["*.bin", "*.pth", "*.gguf"])
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"{parameter}: cannot fetch {source} ({reason}): set {parameter} to a local folder"
        ) from error
    shutil.rmtree(out / ".cache", ignore_errors=True)
    _must_hold_weights(out, parameter)


def _must_hold_weights(folder: Path, parameter: str) -> None:
    if not [*folder.glob("*.safetensors")]:
        raise RatchetError(f"{parameter}: {folder} has no weights as .safetensors: save it so")


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
    """(causal model, tokenizer) of a checkpoint folder, to draw from."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder), load_tokenizer(folder)


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer; one without a padding token pads with EOS.

    Raises RatchetError where there is none.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"{folder} holds no tokenizer that can be loaded ({reason}): {brought_back(folder)}"
        ) from error
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
