"""A model behind an address: a server that speaks OpenAI's protocol, and its key if it needs one.

The key comes from the environment variable that the settings name; it goes into requests and
nowhere else. A model folder can hold such an address instead of weights.
"""

import os
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import AnyHttpUrl, Field

from schemas.errors import RatchetError
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.pipeline.params import Section

SERVER_FILE = "server.json"
CHAT = PromptForm(kind="chat")
OMITTABLE = ("seed", "top_p", "temperature", "max_tokens", "stop")


class ServerSettings(Section):
    """One model of one server; each subclass names its section.

    `omit`: parameters of a request that are not sent, for a server that refuses them.
    """

    url: AnyHttpUrl | None
    model: str | None = Field(min_length=1)
    key_variable: str = Field(min_length=1)
    concurrency: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    retries: int = Field(ge=0)
    omit: list[Literal["seed", "top_p", "temperature", "max_tokens", "stop"]] = Field(default=[])
    shard_size: int = Field(ge=1)

    def address(self) -> tuple[str, str]:
        """(url, model). Raises RatchetError if one of them is not set."""
        if self.url is None or self.model is None:
            raise RatchetError(f"no server is set: set {self.section}.url and {self.section}.model")
        return str(self.url).rstrip("/"), self.model

    def identity(self) -> tuple[object, ...]:
        """What of the settings a draw depends on. Raises RatchetError if no server is set."""
        return (*self.address(), *([f"omit={sorted(self.omit)}"] if self.omit else []))

    def key(self) -> str:
        """The server's key, or a placeholder if the variable is not set.

        Raises RatchetError if the variable has characters that a key cannot have.
        """
        key = os.environ.get(self.key_variable, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise RatchetError(
                f"the environment variable {self.key_variable} has characters that no key has: "
                f"set it again, or set {self.section}.key_variable to another variable"
            )
        return key or "not-needed"


class ChatSettings(ServerSettings):
    """A chat model whose replies have a form: a malformed one is asked for again."""

    temperature: float = Field(ge=0)
    max_tokens: int = Field(ge=1)
    max_tries: int = Field(ge=1)
    system: str | None = Field(min_length=1)
    stop: list[str]

    @property
    def form(self) -> PromptForm:
        """How it is asked: by one user message."""
        return CHAT.model_copy(update={"system": self.system, "stop": tuple(self.stop)})

    @property
    def sampling(self) -> Sampling:
        """How replies are sampled."""
        return Sampling(self.temperature, 1.0, self.max_tokens)


class JsonChatSettings(ChatSettings):
    """A chat model whose replies are JSON. `json_schema`: its server is asked to see to that.

    `max_unusable`: after so many replies without one that could be used, no more are paid for.
    """

    json_schema: bool
    max_unusable: int = Field(default=32, ge=1)

    def schema_of(self, form: dict[str, Any]) -> dict[str, Any] | None:
        """The schema to send with a request for a reply of this form; None if none is wanted."""
        return form if self.json_schema else None


class CompletionSettings(ServerSettings):
    """A server that continues raw text; `logprobs` requests log-probabilities too."""

    usual_logprobs: ClassVar[bool] = True  # draws under the other are kept apart from these
    logprobs: bool

    def identity(self) -> tuple[object, ...]:
        return (*super().identity(), *["logprobs"] * (self.logprobs != self.usual_logprobs))


class SimulatorServerSettings(CompletionSettings):
    """Section `simulator_server`: the server that continues steps, if model.simulator=server."""

    section: ClassVar[str] = "simulator_server"
    usual_logprobs: ClassVar[bool] = False


def write_server(folder: Path, settings: SimulatorServerSettings) -> None:
    """Writes the model's address into its folder. Raises RatchetError if no address is set."""
    settings.address()
    (folder / SERVER_FILE).write_text(settings.model_dump_json(indent=2) + "\n")


def read_server(folder: Path) -> SimulatorServerSettings | None:
    """The server that a model folder names; None if the folder has weights, or nothing."""
    file = folder / SERVER_FILE
    return SimulatorServerSettings.model_validate_json(file.read_text()) if file.exists() else None
