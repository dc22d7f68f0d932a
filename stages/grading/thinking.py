"""What models that reason aloud write before their answer (DeepSeek-R1, QwQ): <think>…</think>."""

import re

_WORDS = "think|thinking|thought|thoughts|reasoning|scratchpad"
_OPEN = rf"<(?:{_WORDS})>|<\|begin_of_thought\|>"
_CLOSE = rf"</(?:{_WORDS})>|<\|end_of_thought\|>|<\|channel\|>final\s*<\|message\|>"
OPENED = re.compile(rf"\A\s*(?:{_OPEN})", re.IGNORECASE)
CLOSED = re.compile(rf"\A.*(?:{_CLOSE})", re.DOTALL | re.IGNORECASE)


def after_thinking(text: str) -> str | None:
    """The answer after the thoughts, or the whole text without any; None if they do not end.

    A chat template may have opened them, so that only their end is in the text.
    """
    answer, n_ends = CLOSED.subn("", text)
    return None if OPENED.match(text) and not n_ends else answer.strip() if n_ends else text


def end_of_thinking(text: str) -> int:
    """Where the thoughts of a text end: 0 without any, its length if they do not end."""
    if "<" not in text:
        return 0
    if ("</" in text or "<|" in text) and (closed := CLOSED.match(text)):
        return closed.end()
    return len(text) if OPENED.match(text) else 0
