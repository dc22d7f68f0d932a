"""Any server that speaks OpenAI's chat completions: large or remote models, asked over HTTP.

The key comes from an environment variable that the settings name; it goes into requests and
nowhere else.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import AnyHttpUrl, Field

from schemas.table import RatchetError
from stages.engines.engine import Completion, Request, Sampling, UnfinishedError
from stages.settings import Section

SHOWN = 160  # characters of a server's own words in an error


class ChatSettings(Section):
    """A chat model behind a URL; which section it is, a subclass says."""

    url: AnyHttpUrl | None
    model: str | None = Field(min_length=1)
    key_variable: str = Field(min_length=1)
    concurrency: int = Field(ge=1)
    timeout_s: float = Field(gt=0)
    retries: int = Field(ge=0)
    shard_size: int = Field(ge=1)

    def address(self) -> tuple[str, str]:
        """(url, model). Raises RatchetError when one of them is not set."""
        if self.url is None or self.model is None:
            raise RatchetError(
                f"no server is named: set {self.section}.url and {self.section}.model"
            )
        return str(self.url).rstrip("/"), self.model

    def key(self) -> str:
        """The server's key, or a stand-in where it needs none."""
        key = os.environ.get(self.key_variable, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise RatchetError(
                f"the environment variable {self.key_variable} holds characters that no key has: "
                f"set it anew, or name another with {self.section}.key_variable"
            )
        return key or "not-needed"


class JudgeSettings(ChatSettings):
    """Section `judge`."""

    section: ClassVar[str] = "judge"
    temperature: float = Field(ge=0)
    max_tokens: int = Field(ge=1)
    tries: int = Field(ge=1)


class OpenAIEngine:
    """One model of one server. Prompts are sent as one user message."""

    version = "openai"

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self.url, self.model = settings.address()
        self.key = settings.key()
        self.answers = False  # has it taken any request yet

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order.

        Raises UnfinishedError, with those that came, at the first one that the server refuses.
        """
        done: dict[int, Completion] = {}
        failure = asyncio.run(self._ask_all(requests, sampling, done))
        if failure:
            raise UnfinishedError(failure, done)
        return [done[index] for index in range(len(requests))]

    async def _ask_all(
        self, requests: Sequence[Request], sampling: Sampling, done: dict[int, Completion]
    ) -> str | None:
        """Fills `done`; so many workers take from one queue, which the first failure closes.

        A request that the server can't take (too long, filtered) has an empty completion that
        ended with "refused", once the server took another; if it takes none, that is a failure.
        """
        import openai

        waiting = iter(enumerate(requests))
        failures: list[str] = []
        refused: dict[int, str] = {}

        async def work() -> None:
            for index, request in waiting:
                try:
                    done[index] = await self._ask(client, request, sampling)
                    self.answers = True
                except openai.BadRequestError as error:
                    refused[index] = self._explain(error)
                except (openai.OpenAIError, ValueError) as error:
                    failures.append(self._explain(error))
                if failures or (refused and not self.answers):
                    return

        async with openai.AsyncOpenAI(
            base_url=self.url,
            api_key=self.key,
            timeout=self.settings.timeout_s,
            max_retries=self.settings.retries,
        ) as client:
            await asyncio.gather(*(work() for _ in range(self.settings.concurrency)))
        if not self.answers:
            failures += refused.values()
        elif refused:
            done.update(dict.fromkeys(refused, Completion("", 0, None, "refused")))
        return failures[0] if failures else None

    async def _ask(self, client: Any, request: Request, sampling: Sampling) -> Completion:
        reply = await client.chat.completions.create(
            model=self.model,
            messages=[{"role": "user", "content": request.prompt}],
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            seed=request.seed % 2**31,  # some servers keep seeds in 32 bits
        )
        try:
            choice = reply.choices[0]
            text, finish = choice.message.content or "", choice.finish_reason or "stop"
            tokens = reply.usage.completion_tokens if reply.usage else 0
            return Completion(_writable(text), int(tokens or 0), None, str(finish))
        except (AttributeError, IndexError, TypeError) as error:
            raise ValueError("its reply is no chat completion") from error

    def _explain(self, error: Exception) -> str:
        """What went wrong and how to mend it, in one line without the key."""
        import openai

        name, status = self.settings.section, getattr(error, "status_code", None)
        where = f"{name}.url: {self.url}"
        if isinstance(error, openai.APITimeoutError):
            return (
                f"{where} took longer than {name}.timeout_s: raise it, or lower {name}.concurrency"
            )
        if isinstance(error, openai.APIConnectionError):
            reason = self._words(error.__cause__ or error)
            return f"{where} can't be reached ({reason}): start that server, or set {name}.url"
        if status in (401, 403):
            variable = self.settings.key_variable
            return f"{where} refused the key ({status}): put a valid one into ${variable}"
        if status == 404:
            return (
                f"{where} knows no chat model {self.model} (404): "
                f"set {name}.url, which often ends in /v1, and {name}.model"
            )
        return (
            f"{where} failed ({self._words(error)}): check {name}.url and {name}.model, run again"
        )

    def _words(self, error: BaseException) -> str:
        """An error's own text, shortened, and without the key if a server repeats it."""
        text = " ".join((str(error) or type(error).__name__).split())
        return text.replace(self.key, "***")[:SHOWN]


def _writable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and UTF-8 can't."""
    return text.encode("utf-8", "replace").decode("utf-8")
