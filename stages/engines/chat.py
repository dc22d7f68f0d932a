"""Large or remote models behind any server that speaks OpenAI's protocol over HTTP.

`ChatEngine` sends a prompt as the only message of a chat (judge, teacher), `CompletionsEngine` as
raw text to continue (policy, simulator). Both throttle their requests together, and neither logs or
stores the key.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stages.engines.engine import Completion, Request, UnfinishedError
from stages.engines.server_errors import BUSY, RETRIABLE, explain, refuses, requested_wait_s
from stages.engines.server_reply import ReplyError, read_chat
from stages.engines.throttle import Throttle
from stages.models.completion_server import CHAT, ServerSettings
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling

if TYPE_CHECKING:
    import openai

NEW_LIMIT = "max_completion_tokens"  # what OpenAI's newer models want in place of max_tokens
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
        self.n_only_thoughts = 0  # replies that were cut off before their answer began
        self.limit = "max_tokens"

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order.

        Raises UnfinishedError, with the completions so far, at the first request that fails.
        """
        import asyncio

        done: dict[int, Completion] = {}
        self.n_only_thoughts = 0
        failure = asyncio.run(self._ask_all(requests, sampling, done))
        if self.n_only_thoughts:
            print(
                f"{self.settings.section}: {self.n_only_thoughts} of {len(requests)} replies are "
                "thoughts without an answer: raise max_tokens, or let the server think less",
                file=sys.stderr,
            )
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
        import asyncio

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
                except RecursionError:
                    failures.append(self._explain(ReplyError("its reply is nested too deeply")))
                except (openai.OpenAIError, ValueError, TimeoutError) as error:
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
                    done = await self._ask_in_time(client, request, sampling)
                except (openai.APIConnectionError, openai.APIStatusError, TimeoutError) as error:
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

    async def _ask_in_time(
        self, client: openai.AsyncOpenAI, request: Request, sampling: Sampling
    ) -> Completion:
        """The reply. The client's own time-out begins anew with each byte; this is of the whole.

        A server that wants the limit on tokens under its newer name is asked again under that.
        """
        import asyncio

        import openai

        async with asyncio.timeout(self.settings.timeout_s):
            try:
                return await self._ask(client, request, sampling)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if "max_tokens" in self.settings.omit or not refuses(error, NEW_LIMIT):
                    raise
                self.limit = NEW_LIMIT
                return await self._ask(client, request, sampling)

    def _wait_s(self, error: openai.APIError | TimeoutError, n_failed: int) -> float:
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
        completion, only_thinks = read_chat(reply)
        self.n_only_thoughts += only_thinks
        return completion

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
        """A request's parameters besides its prompt, without those that the settings omit."""
        parameters = {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            self.limit: sampling.max_tokens,
            "seed": request.seed % 2**31,  # some servers keep seeds in 32 bits
        } | ({"stop": list(self.form.stop)} if self.form.stop else {})
        omitted = [self.limit if name == "max_tokens" else name for name in self.settings.omit]
        return {name: value for name, value in parameters.items() if name not in omitted}

    def _explain(self, error: Exception) -> str:
        """What went wrong and how to fix it, in one line without the key."""
        return explain(error, self.settings, self.key, self.model_kind, self._chat_setting())

    def _chat_setting(self) -> str:
        """The setting for a server that only chats; nothing if it is chatted with."""
        return ""
