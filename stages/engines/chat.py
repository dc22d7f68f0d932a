"""Large or remote models behind any server that speaks OpenAI's protocol over HTTP.

`ChatEngine` sends a prompt as the only message of a chat (judge, teacher), `CompletionsEngine` as
raw text to continue (policy, simulator). Both throttle their requests together, and neither logs or
stores the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stages.engines.engine import Completion, Request, UnfinishedError
from stages.engines.throttle import Throttle, retry_after_s
from stages.models.completion_server import CHAT, ServerSettings
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling

if TYPE_CHECKING:
    import openai

MAX_ERROR_CHARS = 160  # of a server's own text in an error
BUSY = (429, 503, 529)  # status codes that concern all requests, not one
RETRIABLE = (408, 409, 425, *BUSY)  # so is any other 5xx
PATIENCE_S = 600.0  # whether to wait longer is for the user to decide


class ChatEngine:
    """One model of one server. A prompt is sent as one user message, after any system message.

    A started answer is sent as the assistant's message, and the server is asked to continue it.
    `schema`: a JSON schema to hold replies to, as far as the server can.
    """

    version = "openai"
    model_kind = "chat model"

    def __init__(
        self,
        settings: ServerSettings,
        form: PromptForm = CHAT,
        throttle: Throttle | None = None,
        schema: dict[str, Any] | None = None,
    ) -> None:
        self.settings, self.form, self.schema = settings, form, schema
        self.url, self.model = settings.address()
        self.key = settings.key()
        self.throttle = throttle or Throttle(settings.concurrency)
        self.has_answered = False  # whether it has accepted any request

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order.

        Raises UnfinishedError, with the completions so far, at the first request that fails.
        """
        done: dict[int, Completion] = {}
        failure = asyncio.run(self._ask_all(requests, sampling, done))
        if failure:
            raise UnfinishedError(failure, done)
        return [done[index] for index in range(len(requests))]

    async def _ask_all(
        self, requests: Sequence[Request], sampling: Sampling, done: dict[int, Completion]
    ) -> str | None:
        """Fills `done`: workers take requests from one queue, until one of them fails.

        A request that the server refuses (too long, filtered) gets an empty completion with finish
        "refused", provided that it accepts another; if it accepts none, that is a failure.
        """
        import openai

        waiting = iter(enumerate(requests))
        failures: list[str] = []
        refused: dict[int, str] = {}
        self.throttle.begin()

        async def work() -> None:
            for index, request in waiting:
                try:
                    done[index] = await self._ask_with_retries(client, request, sampling)
                    self.has_answered = True
                except openai.BadRequestError as error:
                    refused[index] = self._explain(error)
                except (openai.OpenAIError, ValueError) as error:
                    failures.append(self._explain(error))
                if failures or (refused and not self.has_answered):
                    return

        async with openai.AsyncOpenAI(
            base_url=self.url,
            api_key=self.key,
            timeout=self.settings.timeout_s,
            max_retries=0,  # the client's own retries would let each request wait by itself
        ) as client:
            await asyncio.gather(*(work() for _ in range(self.settings.concurrency)))
        if not self.has_answered:
            failures += refused.values()
        elif refused:
            done.update(dict.fromkeys(refused, Completion("", 0, None, "refused")))
        return failures[0] if failures else None

    async def _ask_with_retries(
        self, client: openai.AsyncOpenAI, request: Request, sampling: Sampling
    ) -> Completion:
        """The reply; asks again while the server is busy or the network loses the request.

        Failed attempts are limited. A busy reply does not count while other requests succeed.
        """
        import openai

        n_failed, n_answers = 0, self.throttle.n_answers
        while True:
            async with self.throttle.slot() as sent:
                try:
                    done = await self._ask(client, request, sampling)
                except (openai.APIConnectionError, openai.APIStatusError) as error:
                    busy = getattr(error, "status_code", None) in BUSY
                    n_failed += not (busy and self.throttle.n_answers > n_answers)
                    n_answers = self.throttle.n_answers
                    wait_s = self._wait_s(error, n_failed)
                    if busy:
                        self.throttle.record_busy(sent, wait_s)
                else:
                    self.throttle.record_answer()
                    return done
            if not busy:
                await self.throttle.sleep(wait_s)

    def _wait_s(self, error: openai.APIError, n_failed: int) -> float:
        """Seconds until the request is sent again; raises the error if it must not be."""
        status = getattr(error, "status_code", 500)  # network errors have no status
        wait_s = requested_wait_s(error)
        is_temporary = status in RETRIABLE or status >= 500
        if not is_temporary or n_failed > self.settings.retries or (wait_s or 0) > PATIENCE_S:
            raise error
        return self.throttle.retry_delay_s(max(n_failed, 1)) if wait_s is None else wait_s

    async def _ask(
        self, client: openai.AsyncOpenAI, request: Request, sampling: Sampling
    ) -> Completion:
        messages, extra = self.form.messages(request.prompt), {}
        if request.start:
            messages.append({"role": "assistant", "content": request.start})
            extra = {"continue_final_message": True, "add_generation_prompt": False}
        parameters = self._request_parameters(request, sampling)
        reply = await self._send(client, messages=messages, extra_body=extra or None, **parameters)
        try:
            choice = reply.choices[0]
            text, finish = _reply_text(choice), choice.finish_reason or "stop"
            tokens = reply.usage.completion_tokens if reply.usage else 0
            return Completion(replace_surrogates(text), int(tokens or 0), None, str(finish))
        except (AttributeError, IndexError, TypeError) as error:
            raise ValueError("its reply is not a chat completion") from error

    async def _send(self, client: openai.AsyncOpenAI, **parameters: Any) -> Any:
        """The server's reply; a server that refuses schemas is not sent another one."""
        import openai

        if self.schema is None:
            return await client.chat.completions.create(**parameters)
        named = {"name": "reply", "schema": self.schema, "strict": True}
        try:
            return await client.chat.completions.create(
                response_format={"type": "json_schema", "json_schema": named}, **parameters
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            reply = await client.chat.completions.create(**parameters)
            self.schema = None  # the request was in order without it
            return reply

    def _request_parameters(self, request: Request, sampling: Sampling) -> dict[str, Any]:
        """A request's parameters besides its prompt."""
        return {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": request.seed % 2**31,  # some servers keep seeds in 32 bits
        } | ({"stop": list(self.form.stop)} if self.form.stop else {})

    def _explain(self, error: Exception) -> str:
        """What went wrong and how to fix it, in one line without the key."""
        import openai

        name, status = self.settings.section, getattr(error, "status_code", None)
        where = f"{name}.url: {self.url}"
        if isinstance(error, openai.APITimeoutError):
            return (
                f"{where} took longer than {name}.timeout_s: raise it, or lower {name}.concurrency"
            )
        if isinstance(error, openai.APIConnectionError):
            reason = self._error_text(error.__cause__ or error)
            return f"{where} can't be reached ({reason}): start that server, or set {name}.url"
        if status in (401, 403):
            variable = self.settings.key_variable
            return f"{where} refused the key ({status}): put a valid one into ${variable}"
        if status == 404:
            return (
                f"{where} has no {self.model_kind} {self.model} (404): "
                f"set {name}.url, which often ends in /v1, and {name}.model"
            )
        if status in BUSY:
            wait_s = requested_wait_s(error)
            until = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
            fix = f"run again later, or lower {name}.concurrency"
            return f"{where} is too busy{until} ({self._error_text(error)}): {fix}"
        reason = self._error_text(error)
        return f"{where} failed ({reason}): check {name}.url and {name}.model, then run again"

    def _error_text(self, error: BaseException) -> str:
        """An error's own text, shortened, without the key in case a server repeats it."""
        text = " ".join((str(error) or type(error).__name__).split())
        return text.replace(self.key, "***")[:MAX_ERROR_CHARS]


def _reply_text(choice: Any) -> str:
    """The message; what a model thought only if it ended there, with its answer in its thoughts."""
    message = choice.message
    thoughts = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    ended = choice.finish_reason in (None, "stop")
    return message.content or (thoughts if ended and isinstance(thoughts, str) else "") or ""


def requested_wait_s(error: Exception) -> float | None:
    """Seconds that the server asks to wait; None if it names none."""
    return retry_after_s(error.response.headers) if hasattr(error, "response") else None


def replace_surrogates(text: str) -> str:
    """The text without half surrogate pairs, which JSON can hold but UTF-8 can't."""
    return text.encode("utf-8", "replace").decode("utf-8")
