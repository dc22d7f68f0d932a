"""Boxes: the answers that LaTeX marks."""

import re
from typing import Literal, NamedTuple

_FIRST_BOX = re.compile(r"\\(?:boxed|fbox)")
_BOX_TOKEN = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_UNBRACED_BOX = re.compile(r"\\boxed(?:\s+|(?=\d))([^\s{}$.,\\]+)")
Form = Literal["box", "hashes", "value", "sentence", "foreign"]


class Span(NamedTuple):
    """Where a statement is in the text, and where the answer is in it."""

    start: int
    end: int
    answer_start: int
    answer_end: int
    form: Form


def find_boxes(text: str) -> list[Span]:
    """Every closed box, found in one pass however deep they nest."""
    first = _FIRST_BOX.search(text)
    if not first:
        return []
    start = first.start()
    boxes = [Span(*m.span(), *m.span(1), "box") for m in _UNBRACED_BOX.finditer(text, start)]
    opened: list[re.Match[str]] = []
    for token in _BOX_TOKEN.finditer(text, start):
        if token[0] == "}" and opened:
            brace = opened.pop()
            if len(brace[0]) > 1:
                span = (brace.start(), token.end(), brace.end(), token.start())
                boxes.append(Span(*span, "box"))
        elif token[0] == "{" or token[0].startswith((r"\boxed", r"\fbox")):
            opened.append(token)
    return boxes


def blank_out(text: str, boxes: list[Span]) -> str:
    """The text with its boxes blank, so that their content is not read as a statement."""
    if not boxes:
        return text
    pieces, position = [], 0
    for box in sorted(boxes):
        if box.start >= position:
            pieces += [text[position : box.start], " " * (box.end - box.start)]
            position = box.end
    return "".join([*pieces, text[position:]])
