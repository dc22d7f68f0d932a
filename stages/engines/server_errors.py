"""A server's errors, each as one line with the setting that mends it, without the key."""

from __future__ import annotations

import re
from typing import Any

from stages.engines.throttle import retry_after_s
from stages.models.completion_server import OMITTABLE, CompletionSettings, ServerSettings

MAX_ERROR_CHARS = 160  # of a server's own text in an error
BUSY = (429, 503, 529)  # status codes that concern all requests, not one
RETRIABLE = (408, 409, 425, *BUSY)  # so is any other 5xx
REFUSED = (400, 422)  # of one request, as it is


def explain(error: Exception, settings: ServerSettings, key: str, kind: str, chats: str) -> str:
    """What went wrong and how to fix it.

    `kind`: what the model is; `chats`: the setting for a server that only chats, if it is another.
    """
    import openai

    name, status = settings.section, getattr(error, "status_code", None)
    where = f"{name}.url: {str(settings.url).rstrip('/')}"
    text = _shorten(_text(error), key)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return f"{where} took longer than {name}.timeout_s: raise it, or lower {name}.concurrency"
    if isinstance(error, openai.APIConnectionError):
        reason = _shorten(str(error.__cause__ or error) or type(error).__name__, key)
        return f"{where} can't be reached ({reason}): start that server, or set {name}.url"
    if status in (401, 403):
        variable = settings.key_variable
        return f"{where} refused the key ({status}): put a valid one into ${variable}"
    if status == 404:
        or_chat = f", or {chats} if it only chats" if chats else ""
        return (
            f"{where} has no {kind} {settings.model} (404): "
            f"set {name}.url, which often ends in /v1, and {name}.model{or_chat}"
        )
    if status in BUSY:
        wait_s = requested_wait_s(error)
        until = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
        fix = f"run again later, or lower {name}.concurrency"
        return f"{where} is too busy{until} ({text}): {fix}"
    if status in REFUSED and (fix := _mend(_text(error), settings, chats)):
        return f"{where} failed ({text}): {fix}"
    return f"{where} failed ({text}): check {name}.url and {name}.model, then run again"


def requested_wait_s(error: Exception) -> float | None:
    """Seconds that the server asks to wait; None if it names none."""
    return retry_after_s(error.response.headers) if hasattr(error, "response") else None


def refuses(error: Exception, words: str) -> bool:
    """Whether a server's text has these words."""
    return words in _text(error).lower()


def _mend(text: str, settings: ServerSettings, chats: str) -> str:
    """The setting for a parameter that the server names; nothing if it names none."""
    name, said = settings.section, text.lower()
    if chats and "chat" in said:
        return f"set {chats}"
    if "logprobs" in said and isinstance(settings, CompletionSettings) and settings.logprobs:
        return f"set {name}.logprobs=false"
    refused = [name for name in OMITTABLE if re.search(rf"\b{name}\b", said)]
    longer = "context" in said or "too long" in said or "too many tokens" in said
    if refused and not longer:
        return f"set {name}.omit=[{','.join([*settings.omit, refused[0]])}]"
    return ""


def _text(error: BaseException) -> str:
    """An error's own text; of a list of faults, as FastAPI sends them, each field with its own."""
    body: Any = getattr(error, "body", None)
    faults = body.get("detail") if isinstance(body, dict) else None
    if isinstance(faults, list) and all(isinstance(fault, dict) for fault in faults) and faults:
        status = getattr(error, "status_code", "")
        return f"{status} " + "; ".join(map(_fault, faults))
    return str(error) or type(error).__name__


def _fault(fault: dict[str, Any]) -> str:
    places = fault.get("loc")
    path = [str(p) for p in places if p != "body"] if isinstance(places, list) else []
    return f"{'.'.join(path)}: {fault.get('msg', 'is refused')}"


def _shorten(text: str, key: str) -> str:
    """One line of at most MAX_ERROR_CHARS, without the key in case a server repeats it."""
    return " ".join(text.split()).replace(key, "***")[:MAX_ERROR_CHARS]
