"""The one kind of exception that a user sees, and text that cannot control a terminal."""

import re

# control characters but tab and line feed, and those that change the direction of a text
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


class RatchetError(Exception):
    """Something a user can fix. Its text is one line: what, where, how to fix it.

    It may quote what a model or a server has written, so control characters become �.
    """

    def __str__(self) -> str:
        return visible(super().__str__())


def visible(text: str) -> str:
    """A text whose control characters, which a model may write, are �."""
    return CONTROL.sub("�", text)
