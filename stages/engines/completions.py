"""A model behind a server that continues texts: `vllm serve`, llama.cpp and others.

A model asked by bare text is behind `/completions`, where the server tokenises the text, including
BOS. One that is asked by chat is behind `/chat/completions`; a started answer is then the last
message, which the server must continue (vLLM and llama.cpp do).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stages.engines.chat import ChatEngine
from stages.engines.engine import Completion, EngineKind, EngineSettings, Request
from stages.engines.server_reply import read_completion
from stages.engines.throttle import Throttle
from stages.models.completion_server import CompletionSettings
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling


class OpenAISettings(EngineSettings, CompletionSettings):
    """A server that draws in place of the policy."""


if TYPE_CHECKING:
    import openai


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
        return read_completion(reply)

    def _chat_setting(self) -> str:
        if self.form.kind == "chat":
            return ""
        return f"{'simulator' if 'simulator' in self.settings.section else 'model'}.prompt=chat"


ENGINE = EngineKind(
    OpenAISettings,
    version=lambda settings, model: CompletionsEngine.version,
    open=lambda settings, model, device, form: CompletionsEngine(settings, form),
)
