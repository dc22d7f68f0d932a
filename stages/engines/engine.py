"""What an engine is: it takes requests and returns completions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from pydantic import Field

from schemas.errors import RatchetError
from stages.models.completion_server import CompletionSettings
from stages.pipeline.params import Section, unknown_name_message


@dataclass(frozen=True)
class Sampling:
    """How to draw. Temperature 0 is greedy; `max_tokens` limits the new tokens."""

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


FULL = Completion("", 0, 0.0, "length")  # for a prompt that leaves no room for a token


class UnfinishedError(RatchetError):
    """The engine gave up; `done` has the completions received so far, by the request's index."""

    def __init__(self, reason: str, done: dict[int, Completion]) -> None:
        super().__init__(reason)
        self.done = done


class Engine(Protocol):
    """Writes completions. Draws are the same only if their engines have the same `version`."""

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
    """An engine in the stage's own process. `precision` is of weights and arithmetic.

    With auto it is bfloat16 on a GPU and float32 on a processor. With transformers a model that
    was saved in bfloat16 keeps it on a processor that supports it.
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
    """Either of the two; `resolve_auto` decides which when it runs."""


class OpenAISettings(EngineSettings, CompletionSettings):
    """A server that draws instead of the policy."""


class ReplaySettings(EngineSettings):
    """Recorded completions. Paths into a row are dotted ("solutions.0.text")."""

    file: str
    question: str
    completions: list[str] = Field(min_length=1)
    correct: list[str] | None
