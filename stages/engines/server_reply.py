"""What a server's reply says, checked: nothing that a table would refuse gets into the ledger.

A number that cannot be (a negative or infinite token count, a log-probability that is NaN) counts
as one that the server did not report. A reply without a text is none.
"""

from __future__ import annotations

import math
from typing import Any

from stages.engines.engine import Completion

ENDS = {  # as OpenAI, vLLM and llama.cpp, TGI, and Anthropic's and Cohere's gateways name them
    "stop": ("stop", "eos_token", "eos", "end_turn", "stop_sequence", "stop_token", "complete"),
    "length": ("length", "max_tokens", "max_length", "model_length"),
}
FINISHES = {name: finish for finish, names in ENDS.items() for name in names}
MAX_TOKENS = 2**31 - 1
ROUNDING = 1e-3  # nats by which a sum of log-probabilities may exceed 0


class ReplyError(ValueError):
    """A reply that has no completion in it."""


def read_completion(reply: Any) -> Completion:
    """The completion of a reply from /completions. Raises ReplyError if it is none."""
    choice = _first_choice(reply, "text completion")
    text = _text(choice, "text", "text completion")
    finish = finish_of(getattr(choice, "finish_reason", None))
    n_tokens, logprob = _usage(reply), None
    tokens, logprobs = _token_logprobs(getattr(choice, "logprobs", None))
    if tokens and logprobs is not None:
        logprob = _sum(logprobs)
        n_tokens = len(tokens) - (finish == "stop" and _has_eos(tokens, text))
    return Completion(replace_surrogates(text), n_tokens, logprob, finish)


def read_chat(reply: Any) -> tuple[Completion, bool]:
    """(the completion of a reply from /chat/completions, whether it has only begun to think).

    Thoughts are the answer only if the reply ended in them. Raises ReplyError if it is no reply.
    """
    choice = _first_choice(reply, "chat completion")
    message = getattr(choice, "message", None)
    if message is None:
        raise ReplyError("its reply is not a chat completion")
    text = _text(message, "content", "chat completion")
    finish = finish_of(getattr(choice, "finish_reason", None))
    thoughts = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if not text and isinstance(thoughts, str) and finish == "stop":
        text = thoughts
    only_thinks = not text and bool(thoughts)
    return Completion(replace_surrogates(text), _usage(reply), None, finish), only_thinks


def finish_of(reason: object) -> str:
    """stop, length, or refused if the server gives any other reason (a filter)."""
    return "stop" if reason is None else FINISHES.get(str(reason).lower(), "refused")


def replace_surrogates(text: str) -> str:
    """The text without half surrogate pairs, which JSON can hold but UTF-8 can't."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_sound(completion: Completion) -> bool:
    """Whether a completion's numbers can be: any other would fail each run that finds it."""
    known = completion.logprob is None or math.isfinite(completion.logprob)
    return 0 <= completion.n_tokens <= MAX_TOKENS and known


def _first_choice(reply: Any, kind: str) -> Any:
    try:
        return reply.choices[0]
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ReplyError(f"its reply is not a {kind}") from error


def _text(holder: object, name: str, kind: str) -> str:
    value = getattr(holder, name, ...)
    if value is not None and not isinstance(value, str):
        raise ReplyError(f"its reply is not a {kind}")
    return value or ""


def _usage(reply: Any) -> int:
    """The tokens that the server says it has drawn; 0 if it says nothing that can be."""
    used = getattr(getattr(reply, "usage", None), "completion_tokens", None)
    if isinstance(used, bool) or not isinstance(used, int | float) or not math.isfinite(used):
        return 0
    return int(used) if 0 <= used <= MAX_TOKENS else 0


def _token_logprobs(logprobs: Any) -> tuple[list[str], list[object] | None]:
    """(tokens, often with EOS; their log-probabilities), or nothing if they are not listed."""
    tokens = getattr(logprobs, "tokens", None)
    values = getattr(logprobs, "token_logprobs", None)
    if not isinstance(tokens, list) or not isinstance(values, list) or None in values:
        return [], None
    return (tokens, values) if all(isinstance(token, str) for token in tokens) else ([], None)


def _sum(values: list[object]) -> float | None:
    """The sum of log-probabilities in nats; None if one of them cannot be."""
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    total = math.fsum(numbers) if all(map(math.isfinite, numbers)) else math.nan
    if len(numbers) < len(values) or not math.isfinite(total) or max(numbers) > ROUNDING:
        return None
    return min(total, 0.0)


def _has_eos(tokens: list[str], text: str) -> bool:
    """Whether the last listed token is EOS: it is empty, or the text does not end in it."""
    return not tokens[-1] or not text.endswith(tokens[-1])
