"""Section `model`: the policy's kind, size or source, its adapter, simulator and verifier."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.errors import RatchetError
from stages.models.installed_package import PREFIX, file_in_package
from stages.models.local_model import find_model
from stages.models.prompt_form import PromptSettings
from stages.pipeline.params import Section, unknown_name_message

POLICY, TRAINED, SIMULATOR, SERVER = "policy", "trained", "simulator", "server"  # no folder or id
OWN_STARTS = (POLICY, SIMULATOR, "base", "sft")
"""Models of the run that a verifier can start from."""


class AdapterSettings(BaseModel):
    """Low-rank adapters instead of full fine-tuning (SIPF Table 5); bits=4 is QLoRA."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    rank: int = Field(ge=1)
    alpha: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    bits: Literal[4, 16]


class Shape(BaseModel):
    """The size of a decoder-only transformer, as its config.json has it.

    `gated`: three matrices in each feed-forward block (Llama), not two (Phi, GPT-2).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    layers: int = Field(ge=1)
    width: int = Field(ge=1)
    heads: int = Field(ge=1)
    kv_heads: int = Field(ge=1)
    head_dim: int = Field(ge=1)
    feed_forward: int = Field(ge=1)
    vocabulary: int = Field(ge=1)
    tied: bool
    max_positions: int = Field(ge=1)
    gated: bool = True
    learned_positions: bool = False


class ModelSettings(PromptSettings):
    """Section `model`: the kind of model that the policy is, how it is asked, and its helpers.

    `simulator`: policy (the previous iteration's model), trained (section `simulator`), server
    (section `simulator_server`), or a folder or id. `verifier`: the weights that the verifier
    starts from: policy, base, sft, simulator, or a folder or id. A revision is an id's commit or
    tag; None: the newest.
    """

    section: ClassVar[str] = "model"
    kind: Literal["none", "scratch", "pretrained"]
    simulator: str = Field(min_length=1)
    simulator_revision: str | None = Field(min_length=1)
    verifier: str = Field(min_length=1)
    verifier_revision: str | None = Field(min_length=1)
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
            raise RatchetError(
                f"params.yaml: {unknown_name_message(f'model.kind={kind}', list(kinds))}"
            )
        return kinds[kind]

    def sources(self) -> dict[str, str]:
        """Setting → what it names, of each model that comes from elsewhere."""
        of_the_run = {"simulator": (POLICY, TRAINED, SERVER), "verifier": OWN_STARTS}
        given = {"simulator": self.simulator, "verifier": self.verifier}
        return {name: source for name, source in given.items() if source not in of_the_run[name]}

    def revision_of(self, name: str) -> str | None:
        """The revision that is set for one of `sources`."""
        return {"simulator": self.simulator_revision, "verifier": self.verifier_revision}.get(name)

    def hub_ids(self) -> dict[str, tuple[str, str | None]]:
        return {
            f"model.{name}": (source, self.revision_of(name))
            for name, source in self.sources().items()
            if not source.startswith(PREFIX) and not find_model(source, f"model.{name}")
        }

    def local_files(self) -> dict[str, Path]:
        files = super().local_files()
        for name, source in self.sources().items():
            if source.startswith(PREFIX):
                file_in_package(source, f"model.{name}")  # raises if it is not installed
            elif found := find_model(source, f"model.{name}"):
                files[f"model.{name}"] = found
        return files


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
                f"{self.width}: heads must divide width, and kv_heads must divide heads"
            )
        return self


class ScratchSettings(ModelSettings, Architecture):
    """A policy with random weights and a tokenizer trained on the problems at hand."""


class PretrainedSettings(ModelSettings):
    """A Hugging Face folder or id, FILE.gguf or package:NAME==VERSION/FILE.gguf.

    `revision`: the id's commit or tag; None: the newest. `shape`: for a plan before it is fetched.
    """

    source: str = Field(min_length=1)
    revision: str | None = Field(default=None, min_length=1)
    shape: Shape | None = None

    def sources(self) -> dict[str, str]:
        return {"source": self.source} | super().sources()

    def revision_of(self, name: str) -> str | None:
        return self.revision if name == "source" else super().revision_of(name)
