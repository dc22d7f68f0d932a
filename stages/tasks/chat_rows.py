"""Chats as rows have them: [{role, content}, …], or [{from, value}, …] (ShareGPT)."""

from collections.abc import Mapping
from typing import Any

CHAT_FIELDS = ("messages", "conversations", "conversation")
ASSISTANTS = ("assistant", "gpt", "model", "bot", "chatgpt")
USERS = ("user", "human")


def turns(chat: object) -> list[tuple[str, str]] | None:
    """(role in lower case, text) of each message; None if it is no chat."""
    if not isinstance(chat, list) or not chat:
        return None
    said = []
    for message in chat:
        if not isinstance(message, Mapping):
            return None
        role, content = message.get("role", message.get("from")), message.get("content")
        text = _text(message.get("value") if content is None else content)
        if not isinstance(role, str) or text is None:
            return None
        said.append((role.lower(), text))
    return said


def last_reply(chat: object) -> str | None:
    """What the assistant wrote last; None if it is no chat or has no reply."""
    replies = [text for role, text in turns(chat) or [] if role in ASSISTANTS]
    return replies[-1] if replies else None


def question_and_reply(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The one question and the reply of a row's chat; None if it has none, or several questions."""
    chat = next((row[name] for name in CHAT_FIELDS if row.get(name)), None)
    said = turns(chat)
    questions = [text for role, text in said or [] if role in USERS]
    reply = last_reply(chat)
    return (questions[0], reply) if len(questions) == 1 and reply is not None else None


def _text(content: object) -> str | None:
    """A message's text, also from parts of type text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(one, Mapping) for one in content):
        texts = [one.get("text") for one in content if one.get("type") == "text"]
        if texts and all(isinstance(text, str) for text in texts):
            return "".join(map(str, texts))
    return None
