"""What an engine is: requests in, completions out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, NoReturn, Protocol

from pydantic import Field

from schemas.errors import RatchetError
from stages.models.sampling import Sampling
from stages.pipeline.params import Section, unknown_name_message

# each is a module of this room, which has an `ENGINE`
ENGINES = {
    "auto": "auto",
    "transformers": "decoder.transformers_engine",
    "vllm": "vllm_offline",
    "openai": "completions",
    "replay": "replay",
}


@dataclass(frozen=True)
class Request:
    """One completion wanted: the `draw`-th for this prompt, with a seed of its own."""

    prompt: str
    draw: int
    seed: int


@dataclass(frozen=True)
class Completion:
    """What came back. `logprob` is the sum over its tokens in nats, under the model itself."""

    text: str
    n_tokens: int
    logprob: float | None
    finish: str


FULL = Completion("", 0, 0.0, "length")  # for a prompt that leaves no room for a token


class UnfinishedError(RatchetError):
    """The engine gave up; `done` holds what had come by then, by the request's place."""

    def __init__(self, reason: str, done: dict[int, Completion]) -> None:
        super().__init__(reason)
        self.done = done


class Engine(Protocol):
    """Writes completions; `version` is part of what makes two draws the same."""

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
        return load_engine_kind(str(values.get("name"))).settings


class LocalSettings(EngineSettings):
    """An engine in the stage's own process. `precision`: of weights and arithmetic.

    With auto it is bfloat16 on a GPU; on a processor float32, save for a model that was saved in
    bfloat16 where the processor has that (transformers).
    """

    precision: Literal["auto", "float32", "float16", "bfloat16"]
    shard_size: int = Field(ge=1)


def _sample_nothing(settings: EngineSettings, *_: Any) -> NoReturn:
    raise RatchetError(f"engine.name={settings.name} samples nothing: choose -S engine=auto")


@dataclass(frozen=True)
class EngineKind:
    """An engine by its settings: its version, known without loading the model, and how to open it.

    Both raise RatchetError where it can't sample from the model.
    """

    settings: type[EngineSettings]
    version: Callable[[Any, Path], str] = _sample_nothing
    open: Callable[[Any, Path, Any], Engine] = _sample_nothing


def load_engine_kind(name: str) -> EngineKind:
    """The engine of a name. Raises RatchetError with the nearest name for an unknown one."""
    if name not in ENGINES:
        raise RatchetError(
            f"params.yaml: {unknown_name_message(f'engine.name={name}', list(ENGINES))}"
        )
    kind: EngineKind = import_module(f"stages.engines.{ENGINES[name]}").ENGINE
    return kind


def engine_version(settings: EngineSettings, model: Path) -> str:
    """Name and version: with the model's digest, the part of the ledger that samples go to."""
    return load_engine_kind(settings.name).version(settings, model)


def open_engine(settings: EngineSettings, model: Path, device: Any) -> Engine:
    """The engine, its model loaded."""
    return load_engine_kind(settings.name).open(settings, model, device)
