"""Any server that speaks OpenAI's protocol: large or remote models, asked over HTTP.

`OpenAIEngine` sends a prompt as a chat's one message (judge, teacher), `CompletionsEngine` as
raw text to be continued (policy, simulator). Both ask at one pace, and neither ever logs or
stores the key.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from stages.engines.engine import Completion, Request, Sampling, UnfinishedError
from stages.engines.throttle import Pace, named_wait
from stages.models.completion_server import ServerSettings

SHOWN = 160  # characters of a server's own words in an error
BUSY = (429, 503, 529)  # said to whoever asks
PASSING = (408, 409, 425, *BUSY)  # and any other 5xx: worth asking again
PATIENCE_S = 600.0  # a longer wait than that is the user's to decide


class OpenAIEngine:
    """One model of one server. Prompts are sent as one user message."""

    version = "openai"
    serves = "chat model"

    def __init__(self, settings: ServerSettings, pace: Pace | None = None) -> None:
        self.settings = settings
        self.url, self.model = settings.address()
        self.key = settings.key()
        self.pace = pace or Pace(settings.concurrency)
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
        self.pace.begin()

        async def work() -> None:
            for index, request in waiting:
                try:
                    done[index] = await self._patiently(client, request, sampling)
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
            max_retries=0,  # it would let each request wait by itself
        ) as client:
            await asyncio.gather(*(work() for _ in range(self.settings.concurrency)))
        if not self.answers:
            failures += refused.values()
        elif refused:
            done.update(dict.fromkeys(refused, Completion("", 0, None, "refused")))
        return failures[0] if failures else None

    async def _patiently(self, client: Any, request: Request, sampling: Sampling) -> Completion:
        """The reply, asked for again while the server is busy or the network loses it.

        Tries in vain are limited. To be turned away while others are answered is none.
        """
        import openai

        vain, answers = 0, self.pace.answers
        while True:
            async with self.pace.turn() as sent:
                try:
                    done = await self._ask(client, request, sampling)
                except (openai.APIConnectionError, openai.APIStatusError) as error:
                    busy = getattr(error, "status_code", None) in BUSY
                    vain += not (busy and self.pace.answers > answers)
                    answers = self.pace.answers
                    wait_s = self._wait_s(error, vain)
                    if busy:
                        self.pace.busy(sent, wait_s)
                else:
                    self.pace.answered()
                    return done
            if not busy:
                await self.pace.sleep(wait_s)

    def _wait_s(self, error: Any, vain: int) -> float:
        """Seconds until a request is sent again; raises the error where it shall not be."""
        status = getattr(error, "status_code", 500)  # the network's errors have none
        wait_s = asked_wait(error)
        passing = status in PASSING or status >= 500
        if not passing or vain > self.settings.retries or (wait_s or 0) > PATIENCE_S:
            raise error
        return self.pace.back_off(max(vain, 1)) if wait_s is None else wait_s

    async def _ask(self, client: Any, request: Request, sampling: Sampling) -> Completion:
        reply = await client.chat.completions.create(
            messages=[{"role": "user", "content": request.prompt}],
            **self._asked(request, sampling),
        )
        try:
            choice = reply.choices[0]
            text, finish = choice.message.content or "", choice.finish_reason or "stop"
            tokens = reply.usage.completion_tokens if reply.usage else 0
            return Completion(writable(text), int(tokens or 0), None, str(finish))
        except (AttributeError, IndexError, TypeError) as error:
            raise ValueError("its reply is no chat completion") from error

    def _asked(self, request: Request, sampling: Sampling) -> dict[str, Any]:
        """What a request says beside its prompt."""
        return {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": request.seed % 2**31,  # some servers keep seeds in 32 bits
        }

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
                f"{where} knows no {self.serves} {self.model} (404): "
                f"set {name}.url, which often ends in /v1, and {name}.model"
            )
        if status in BUSY:
            wait_s = asked_wait(error)
            until = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
            mend = f"run again later, or lower {name}.concurrency"
            return f"{where} is too busy{until} ({self._words(error)}): {mend}"
        return (
            f"{where} failed ({self._words(error)}): check {name}.url and {name}.model, run again"
        )

    def _words(self, error: BaseException) -> str:
        """An error's own text, shortened, and without the key if a server repeats it."""
        text = " ".join((str(error) or type(error).__name__).split())
        return text.replace(self.key, "***")[:SHOWN]


def asked_wait(error: Any) -> float | None:
    """Seconds that the server asks to wait, where it does."""
    return named_wait(error.response.headers) if hasattr(error, "response") else None


def writable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and UTF-8 can't."""
    return text.encode("utf-8", "replace").decode("utf-8")
