"""What models that reason aloud write before their answer (DeepSeek-R1, QwQ): <think>…</think>."""

import re

NAMES = "think|thinking|thought|reasoning"
OPENED = re.compile(rf"\A\s*<({NAMES})>", re.IGNORECASE)
CLOSED = re.compile(rf"\A.*</(?:{NAMES})>", re.DOTALL | re.IGNORECASE)


def after_thinking(text: str) -> str | None:
    """The answer after the thoughts, or the whole text without any; None if they do not end.

    A chat template may have opened them, so that only their end is in the text.
    """
    answer, n_ends = CLOSED.subn("", text)
    return None if OPENED.match(text) and not n_ends else answer.strip() if n_ends else text
