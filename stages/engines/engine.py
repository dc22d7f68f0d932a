"""What an engine is: it turns requests into completions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, NoReturn, Protocol

from pydantic import Field

from schemas.errors import RatchetError
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.pipeline.params import Section, unknown_name_message

if TYPE_CHECKING:
    import torch

# name → module of this room that defines its `ENGINE`
ENGINES = {
    "auto": "auto",
    "transformers": "decoder.transformers_engine",
    "vllm": "vllm_offline",
    "openai": "completions",
    "replay": "replay",
}


@dataclass(frozen=True)
class Request:
    """A request for one completion: the `draw`-th for this prompt, with its own seed.

    `start`: the beginning of the answer, which the model continues.
    """

    prompt: str
    draw: int
    seed: int
    start: str = ""

    @property
    def text(self) -> str:
        """The prompt, and the answer as far as it is begun."""
        return self.prompt + self.start


class Completion(NamedTuple):
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
    def choose(cls, values: dict[str, Any]) -> type[EngineSettings]:
        return load_engine_kind(str(values.get("name"))).settings


class LocalSettings(EngineSettings):
    """An engine in the stage's own process. `precision`: that of weights and arithmetic.

    auto is bfloat16 on a GPU and float32 on a CPU; with transformers, it is bfloat16 on a CPU that
    supports it if the model was saved in bfloat16. `max_length`: tokens of a prompt and its
    completion together, at most; None: as many as the model takes.
    """

    precision: Literal["auto", "float32", "float16", "bfloat16"]
    max_length: int | None = Field(ge=8)
    shard_size: int = Field(ge=1)


def _sample_nothing(settings: EngineSettings, *_: Any) -> NoReturn:
    raise RatchetError(f"engine.name={settings.name} can't sample: choose -S engine=auto")


@dataclass(frozen=True)
class EngineKind:
    """An engine's settings, its version (known without loading the model), and how to open it.

    `version` and `open` raise RatchetError if the engine can't sample from the model, and `require`
    if its package is not installed.
    """

    settings: type[EngineSettings]
    version: Callable[[Any, Path], str] = _sample_nothing
    open: Callable[[Any, Path, torch.device, PromptForm], Engine] = _sample_nothing
    require: Callable[[], object] = lambda: None


def refuse_missing_engine(settings: EngineSettings) -> None:
    """Raises RatchetError, with how to install it, if the engine of the run is not installed."""
    load_engine_kind(settings.name).require()


def load_engine_kind(name: str) -> EngineKind:
    """The engine of a name. Raises RatchetError with the nearest name for an unknown one."""
    if name not in ENGINES:
        raise RatchetError(
            f"params.yaml: {unknown_name_message(f'engine.name={name}', list(ENGINES))}"
        )
    kind: EngineKind = import_module(f"stages.engines.{ENGINES[name]}").ENGINE
    return kind


def engine_version(settings: EngineSettings, model: Path) -> str:
    """Name and version, which with the model's digest choose the ledger's folder."""
    return load_engine_kind(settings.name).version(settings, model)


def open_engine(
    settings: EngineSettings, model: Path, device: torch.device, form: PromptForm
) -> Engine:
    """Opens the engine and loads its model, which it asks in this form."""
    return load_engine_kind(settings.name).open(settings, model, device, form)
