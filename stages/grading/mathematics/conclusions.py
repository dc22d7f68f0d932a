"""What a text comes to without stating an answer: its last line, its last value, or the whole."""

import re

from stages.grading.mathematics import phrases
from stages.grading.mathematics.answer_text import (
    CALCULATION,
    CHAIN,
    LEFT_OF_VALUE,
    SUBSTANCE,
    first_sentence,
    reads_as_prose,
)
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, tidy

MAX_BARE_CHARS = 100

_DISPLAY_LAST = re.compile(
    r"(?:^|\n)[ \t]*(?:\\\[(.{1,400}?)\\\]|\$\$(.{1,400}?)\$\$)[\s.]*\Z", re.DOTALL
)
_VALUE_LAST = re.compile(
    r"(?:#{1,6}[ \t]*(?P<heading>.+?)|\*\*(?P<bold>[^*]+)\*\*|(?P<formula>\$[^$]+\$|\\\(.+?\\\))"
    r"|(?:(?i:therefore|hence|thus|so|then)\b[,:]?|∴|=>|⇒|→|->)[ \t]*"
    r"(?P<concluded>[^A-Za-z\n]+|\$[^$]+\$|\\\(.+?\\\)))[ \t.]*"
)
_ANY_NUMBER = re.compile(
    r"(?<![A-Za-z\d_.,)])-?[$€£¥₹]?\d[\d,]*(?:\.\d+)?(?:/\d+)?(?:\s?\\?%)?|(?<![\w.])\.\d+"
    r"|(?<=\))\d+"
)
_ANY_FORMULA = re.compile(r"\$\$?((?:[^$\\]|\\.)+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_LETTER = re.compile(r"(?<![\\A-Za-z])[A-Za-z]")
_BLOCK = re.compile(r"```\w*[ \t]*\n([^\n]{1,100})\n```")
_EQUALS = re.compile(r"(?<![<>!\\])=(?!=)")


def conclusion(text: str) -> str | None:
    """What the end of a text gives as its result, without calling it the answer."""
    end = text.rstrip()
    if end.endswith(("]", "$", ".")) and (display := _DISPLAY_LAST.search(end, len(end) - 450)):
        answer = LEFT_OF_VALUE.sub("", (display[1] or display[2]).strip().rstrip("."))
        return None if CHAIN.search(answer) or reads_as_prose(answer) else answer or None
    line = end[end.rfind("\n") + 1 :].strip()
    if len(line) > MAX_BARE_CHARS or r"\boxed" in line:
        return None
    if value := _VALUE_LAST.fullmatch(line):
        answer = str(next(filter(None, value.groups()))).strip(" \t*_.")
        if formula := phrases.LEADING_FORMULA.fullmatch(answer):
            answer = str(next(filter(None, formula.groups()))).strip()
            return None if CHAIN.search(answer) or reads_as_prose(answer) else answer
        return answer if _is_value(answer) else None
    if closing := phrases.CLOSING.search(line):
        answer = first_sentence(line[closing.end() :].strip(" \t*_"))
        is_plain = SUBSTANCE.search(answer) and not CHAIN.search(answer)
        return answer if is_plain and not reads_as_prose(answer) else None
    return None


def _is_value(answer: str) -> bool:
    """Whether it is a number or a formula, and no calculation."""
    return bool(
        re.search(r"[\d\\$]", answer)
        and not reads_as_prose(answer)
        and not phrases.has_foreign_words(answer)
        and not CALCULATION.match(tidy(answer))
        and not re.match(r"\d{1,2}[.)]\s", answer)
    )


def is_short(answer: str) -> bool:
    return 0 < len(answer) <= MAX_BARE_CHARS and "\n" not in answer


def last_value(text: str) -> str | None:
    """The last number or formula; of an equation after a calculation, its last side."""
    last: tuple[int, str] | None = None
    for formula in _ANY_FORMULA.finditer(text, max(0, len(text) - 4 * MAX_ANSWER_CHARS)):
        last = formula.end(), next(filter(None, formula.groups())).strip()
    for number in _ANY_NUMBER.finditer(text, last[0] if last else 0):
        last = number.end(), number[0].rstrip(",")
    if last is None:
        return None
    sides = _EQUALS.split(last[1])
    is_calculation = len(sides) > 2 or (len(sides) == 2 and not _LETTER.search(sides[0]))
    return (sides[-1] if is_calculation else last[1]).strip(" .,;") or None


def bare_answer(text: str) -> str | None:
    """A text that is nothing but an answer, in a block or not; None for any other."""
    if text.startswith("```") and text.endswith("```") and (block := _BLOCK.fullmatch(text)):
        text = block[1].strip()
    if len(text) > MAX_BARE_CHARS or "\n" in text or r"\boxed" in text:
        return None
    plain = tidy(text)
    if not plain or reads_as_prose(text) or CALCULATION.match(plain):
        return None
    if phrases.has_foreign_words(text):
        return phrases.foreign_answer(text) if text[0].isdigit() else None
    return LEFT_OF_VALUE.sub("", text)
