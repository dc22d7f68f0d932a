r"""How far a completion is the model's own solution, and what it writes beyond that.

Policy. The solution ends at the first of these, once the thoughts are over:

- an end marker of a chat or base model (``<|im_end|>``, ``</s>``, ``<end_of_turn>``, ``[/INST]``);
  markers before the first word are its beginning;
- an invented next question: a line that begins with a label such as "Question:", "Q:", "Problem:",
  "Human:" or "### Instruction" (or the same in the languages of MGSM), if the text before it
  answers. A label that nothing answered comes before may restate the problem, so it stays; but
  after a blank line a new speaker or question ends also a text whose last line has a number in it.

A label with a number ("Question 2:") is one of several parts if a smaller one came before.
"""

import re
from collections.abc import Callable

from stages.grading.thinking import end_of_thinking

MAX_LABELS = 16
"""Labels that are tried as the beginning of a next question."""

_IN_ANGLES = (
    r"<(?:\|/?[A-Za-z][\w/-]{1,40}\|>|｜[^｜<>\n]{2,40}｜>|/s>|\\s>|</?SYS>>|/?im_end>"
    r"|(?:eos|bos|pad|eod|EOT|EOD|end_of_turn|start_of_turn|end_of_utterance)>)"
)
_IN_BRACKETS = r"\[(?:/?INST|EOS|eos|UNUSED_TOKEN_\d+)\]"
_NO_LITERAL = r"(?![\"'`])"
_ENDS = (
    ("<", re.compile(rf"{_IN_ANGLES}{_NO_LITERAL}")),
    ("[", re.compile(rf"(?<!\w){_IN_BRACKETS}{_NO_LITERAL}")),
)
"""Markers by the sign with which they begin."""
_BEGIN = re.compile(
    rf"\s*(?:(?:<s>|{_IN_ANGLES}|{_IN_BRACKETS})\s*"
    r"(?:(?:assistant|model|ASSISTANT|Assistant)(?::|\s*\n|(?=<)))?\s*)+"
)
_DECORATION = r"[ \t>*_\[({]*(?:#{1,6}[ \t]*)?[*_]*"
_SPEAKERS = (
    "(?i:question|next question|new question|human|user|instruction)|Q|USER"
    "|Frage|Pregunta|Pergunta|Domanda|Soru|Swali|Вопрос|问题|問題|質問|질문|문제|প্রশ্ন|ప్రశ్న|प्रश्न"
    "|คำถาม|โจทย์"
)
_PROBLEMS = (
    "(?i:problem|task|exercise|prompt|query|assistant)|Problème|Problema|Aufgabe|Задача|题目|例题|Exercice"
    "|Ejercicio"
)
_LABEL = re.compile(
    rf"\n{_DECORATION}(?:(?P<speaker>{_SPEAKERS})|(?:{_PROBLEMS}))"
    r"[ \t]*(?P<number>\d{1,4})?[ \t]*[*_\])]*[ \t\u00a0]*[:：]"
    r"|\n\[(?i:question|problem|user|human|instruction)\]"
    r"|\n#{1,6}[ \t]*(?P<heading>(?i:instruction|question|input|user|human))\b[^\n]{0,20}(?=\n|$)"
)
_LABEL_SIGNS = ("：", "\n#", "\n[")
"""What a text with a label has one of, or a colon."""
_LABEL_WORDS = tuple(
    word.lower()
    for word in re.sub(r"\(\?i:|[)]", "", f"{_SPEAKERS}|{_PROBLEMS}|input").split("|")
    if word not in ("Q", "USER", "next question", "new question")
)
"""What it has one of too, in lower case, or a Q: to look for them takes less than for a label."""
_ASCII_LABEL_WORDS = tuple(word for word in _LABEL_WORDS if word.isascii())
_LAST_LINE = re.compile(r"[^\n]*\d[^\n]*\s*\Z")


def own_start(text: str) -> int:
    """Where the solution begins: behind the markers that a chat puts before an answer."""
    begin = _BEGIN.match(text) if text[:40].lstrip()[:1] in ("<", "[") else None
    return begin.end() if begin else 0


def own_end(text: str, is_answered: Callable[[str], bool], before: int = 0) -> int:
    """Where the solution ends (see the policy).

    is_answered: whether a text that ends there answers. before: characters that are the model's own
    whatever they contain, such as the beginning of an answer that it was given.
    """
    thoughts = end_of_thinking(text)
    start = max(thoughts, own_start(text), before)
    end = _end_marker(text, start)
    if thoughts == len(text) or not _may_have_label(text):
        return end
    for n_tried, label in enumerate(_LABEL.finditer(text, start, end)):
        if n_tried == MAX_LABELS:
            break
        if _is_of_several(text, label):
            continue
        own = text[: label.start()]
        if is_answered(own) or (label["speaker"] and _concludes(own, thoughts)):
            return max(start, len(own.rstrip()))
    return end


def _may_have_label(text: str) -> bool:
    if not (":" in text or any(sign in text for sign in _LABEL_SIGNS)):
        return False
    if "Q" in text:
        return True
    lower = text.lower()
    for word in _ASCII_LABEL_WORDS if text.isascii() else _LABEL_WORDS:  # noqa: SIM110 - a generator takes twice as long
        if word in lower:
            return True
    return False


def own_text(text: str, is_answered: Callable[[str], bool]) -> str:
    """The solution alone, with the thoughts before it."""
    return text[own_start(text) : own_end(text, is_answered)]


def _end_marker(text: str, start: int) -> int:
    """Where the first marker behind a place is; those right there begin an answer."""
    end = len(text)
    for sign, markers in _ENDS:
        if sign not in text:
            continue
        begin = _BEGIN.match(text, start)
        mark = markers.search(text, begin.end() if begin else start)
        end = min(end, mark.start()) if mark else end
    return end


def _is_of_several(text: str, label: re.Match[str]) -> bool:
    """Whether it is the second, third, … of numbered questions that the text asks itself."""
    if not label["number"] or int(label["number"]) < 2:
        return False
    name = label[0].strip("\n :：").rstrip("0123456789 *_")
    return re.search(rf"{re.escape(name)}\s*\d+[*_ ]*:", text[: label.start()]) is not None


def _concludes(own: str, thoughts: int) -> bool:
    """Whether the text ends in a blank line below a line with a number."""
    return own.endswith("\n") and _LAST_LINE.search(own, max(thoughts, len(own) - 400)) is not None
