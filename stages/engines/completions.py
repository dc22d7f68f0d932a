"""A model behind a server that continues texts: `vllm serve`, llama.cpp and others.

A model asked by bare text is behind `/completions`, where the server tokenises the text, including
BOS. One that is asked by chat is behind `/chat/completions`; a started answer is then the last
message, which the server must continue (vLLM and llama.cpp do).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stages.engines.chat import ChatEngine, replace_surrogates
from stages.engines.engine import Completion, EngineKind, EngineSettings, Request
from stages.engines.throttle import Throttle
from stages.models.completion_server import CompletionSettings
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling


class OpenAISettings(EngineSettings, CompletionSettings):
    """A server that draws in place of the policy."""


if TYPE_CHECKING:
    import openai
    from openai.types.completion_choice import Logprobs


class CompletionsEngine(ChatEngine):
    """One model of one server, which continues texts. The server's release is unknown.

    A log-probability is the sum that the server reports over the tokens that it lists: `vllm serve`
    reports the model's own at temperature 1, including EOS; others report None or what they choose.
    """

    version = "openai-completions"
    model_kind = "model"

    def __init__(
        self,
        settings: CompletionSettings,
        form: PromptForm | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        super().__init__(settings, form or PromptForm(), throttle)
        self.extra = {"logprobs": 1} if settings.logprobs else {}  # some servers treat 0 as none

    async def _ask(
        self, client: openai.AsyncOpenAI, request: Request, sampling: Sampling
    ) -> Completion:
        if self.form.kind == "chat":
            return await super()._ask(client, request, sampling)
        reply = await client.completions.create(
            prompt=self.form.text(request.prompt) + request.start,
            **self._request_parameters(request, sampling),
            **self.extra,
        )
        try:
            choice = reply.choices[0]
            text, finish = choice.text or "", _finish(choice.finish_reason)
            used = reply.usage.completion_tokens if reply.usage else 0
            tokens, logprob = _tokens_and_logprob(choice.logprobs)
            n_tokens = int(used or 0)
            if tokens is not None:
                n_tokens = len(tokens) - (finish == "stop" and _has_eos(tokens, text))
            return Completion(replace_surrogates(text), n_tokens, logprob, finish)
        except (AttributeError, IndexError, TypeError) as error:
            raise ValueError("its reply is not a text completion") from error


def _finish(reason: str | None) -> str:
    """stop, length, or refused if the server gives any other reason (a filter)."""
    return str(reason or "stop") if reason in ("stop", "length", None) else "refused"


def _tokens_and_logprob(logprobs: Logprobs | None) -> tuple[list[str] | None, float | None]:
    """(tokens, often with EOS; the sum of their log-probabilities), or Nones if not listed."""
    if logprobs is None or not logprobs.tokens or None in (logprobs.token_logprobs or [None]):
        return None, None
    return logprobs.tokens, float(sum(logprobs.token_logprobs))


def _has_eos(tokens: list[str], text: str) -> bool:
    """Whether the last listed token is EOS: it is empty, or the text does not end in it."""
    return not tokens[-1] or not text.endswith(tokens[-1])


ENGINE = EngineKind(
    OpenAISettings,
    version=lambda settings, model: CompletionsEngine.version,
    open=lambda settings, model, device, form: CompletionsEngine(settings, form),
)
