"""What an engine is: it turns requests into completions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from pydantic import Field

from schemas.errors import RatchetError
from stages.models.completion_server import CompletionSettings
from stages.pipeline.params import Section, unknown_name_message


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters: temperature 0 is greedy; max_tokens counts new tokens."""

    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True)
class Request:
    """A request for one completion: the `draw`-th for this prompt, with its own seed."""

    prompt: str
    draw: int
    seed: int


@dataclass(frozen=True)
class Completion:
    """A completion. `logprob` is the sum over its tokens in nats, under the model itself."""

    text: str
    n_tokens: int
    logprob: float | None
    finish: str


FULL = Completion("", 0, 0.0, "length")  # of a prompt that leaves no room for a new token


class UnfinishedError(RatchetError):
    """The engine gave up; `done` holds the completions until then, by the request's index."""

    def __init__(self, reason: str, done: dict[int, Completion]) -> None:
        super().__init__(reason)
        self.done = done


class Engine(Protocol):
    """Writes completions; `version` is part of the key under which the ledger keeps them."""

    version: str

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order."""
        ...


class EngineSettings(Section):
    """Section `engine`."""

    section: ClassVar[str] = "engine"
    name: str

    @classmethod
    def choose(cls, values: dict[str, Any]) -> type["EngineSettings"]:
        engines: dict[str, type[EngineSettings]] = {
            "auto": AutoSettings,
            "transformers": TransformersSettings,
            "vllm": VllmSettings,
            "openai": OpenAISettings,
            "replay": ReplaySettings,
        }
        name = str(values.get("name"))
        if name not in engines:
            raise RatchetError(
                f"params.yaml: {unknown_name_message(f'engine.name={name}', list(engines))}"
            )
        return engines[name]


class LocalSettings(EngineSettings):
    """An engine in the stage's own process. `precision`: that of weights and arithmetic.

    auto is bfloat16 on a GPU and float32 on a CPU; with transformers, it is bfloat16 on a CPU that
    supports it if the model was saved in bfloat16.
    """

    precision: Literal["auto", "float32", "float16", "bfloat16"]
    shard_size: int = Field(ge=1)


class TransformersSettings(LocalSettings):
    """The embedded engine, on CPU or GPU."""

    batch_size: int = Field(ge=1)


class VllmSettings(LocalSettings):
    """vLLM, offline."""

    tensor_parallel: int = Field(ge=1)
    gpu_memory: float = Field(gt=0, le=1)
    max_length: int | None = Field(ge=8)
    adapter: Literal["merged", "apart"]


class AutoSettings(VllmSettings, TransformersSettings):
    """vLLM or transformers; `resolve_auto` decides on the machine that draws."""


class OpenAISettings(EngineSettings, CompletionSettings):
    """A server that draws in place of the policy."""


class ReplaySettings(EngineSettings):
    """Recorded completions. Paths to a row's values are dotted."""

    file: str
    question: str
    completions: list[str] = Field(min_length=1)
    correct: list[str] | None
