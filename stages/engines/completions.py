"""A model behind `/completions`, which continues the prompt's raw text.

A chat can't start an answer in the middle, so paths are continued from one of their steps this
way; `vllm serve`, llama.cpp and others offer it. The server tokenises the text and adds BOS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stages.engines.chat import ChatEngine, replace_surrogates
from stages.engines.engine import Completion, Request, Sampling
from stages.engines.throttle import Throttle
from stages.models.completion_server import CompletionSettings

if TYPE_CHECKING:
    import openai
    from openai.types.completion_choice import Logprobs


class CompletionsEngine(ChatEngine):
    """One model of one server that continues texts. The server does not tell its version.

    The log-probability is the sum over the tokens that the server lists: `vllm serve` gives the
    model's own at temperature 1, EOS included; other servers give none, or their own choice.
    """

    version = "openai-completions"
    model_kind = "model"

    def __init__(self, settings: CompletionSettings, throttle: Throttle | None = None) -> None:
        super().__init__(settings, throttle)
        self.extra = {"logprobs": 1} if settings.logprobs else {}  # some servers read 0 as none

    async def _ask(
        self, client: openai.AsyncOpenAI, request: Request, sampling: Sampling
    ) -> Completion:
        reply = await client.completions.create(
            prompt=request.prompt, **self._request_parameters(request, sampling), **self.extra
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
    """Whether the last listed token is EOS: it is then empty, or not at the end of the text."""
    return not tokens[-1] or not text.endswith(tokens[-1])
