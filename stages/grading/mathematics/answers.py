r"""Where a written solution states its final answer.

Policy. An answer counts only where the text states it, in one of these forms:

- ``\boxed{18}`` (or ``\fbox``) with balanced braces; an unclosed or empty box states nothing;
- ``#### 18``;
- a line ``A: 18``;
- a sentence or line with ``answer is 18``, ``answer: 18`` or ``answer = 18``; of a formula and
  what follows it the formula is the answer, and several that fill a sentence are a list (``$3$ and
  $4$``).

Of several statements the last one wins, whatever its form, on one line too. A sentence or line of
words alone ("the answer is correct", a heading) counts only if no other statement does; prose
around a number ("A: There are 15 trees") states nothing, nor does a sentence that goes on
calculating ("the answer: 17 * 44 = 748 = 9 * 83 + 1"); words set as a formula are an answer.
Without any statement, a completion that is nothing but an answer (one short line, no prose, no
calculation) is that answer. Anything else has no answer: the last number of the text is never
taken for one, since half a solution would then be graded on an intermediate result.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, is_prose, tidy

MAX_BARE_CHARS = 100

_ANNOTATION = re.compile(r"<<[^<>]*>>")
_FIRST_BOX = re.compile(r"\\(?:boxed|fbox)")
_BOX_TOKEN = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_UNBRACED_BOX = re.compile(r"\\boxed(?:\s+|(?=\d))([^\s{}$.,\\]+)")
_HASHES = re.compile(r"(?<!#)####(?!#)[ \t]*(.+)")
_LINE = re.compile(r"^[ \t>*]*A[ \t*]*:(.+)", re.MULTILINE)
_SENTENCE = re.compile(
    r"\banswers?\b(?: to (?:the|this) (?:question|problem))?[ \t*]*(?:(?:is|are)\b|[:=])"
    r"[ \t*:]*(?:\n\s*)?(?:(?:\\\[|\$\$|```\w*)[ \t]*\n\s*)?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;](?=\s|$)|,\snot\b|,?\s(?:because|since|as|which|so|where)\b")
_LEADING_FORMULA = re.compile(r"\$\$?((?:[^$\\]|\\.)+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]")
_ANOTHER = re.compile(r"\s*(?:,|,?\s(?:and|or)\b)\s*(?=\$|\\[(\[])")
_ENDED = re.compile(r"\s*(?:[.,;:*]|respectively\b|$)")
_SUBSTANCE = re.compile(r"\d|[\\$]|^\W*[A-Za-z]\W*$")
_CHAIN = re.compile(r"(?:=|\\equiv)[^,;]*(?:=|\\equiv)")
_WORDS_AS_FORMULA = re.compile(r"\$?\\(?:text|textbf|textrm|mbox)\s*\{[^{}]*\}\$?\.?")
_CALCULATION = re.compile(r"[^A-Za-z\\]*=")


Form = Literal["box", "hashes", "sentence"]


class _Span(NamedTuple):
    """Where a statement is in the text, and where the answer is in it."""

    start: int
    end: int
    answer_start: int
    answer_end: int
    form: Form


def find_answer(completion: str) -> str | None:
    """The final answer as stated in a solution, None if it states none (see the policy)."""
    text = _ANNOTATION.sub("", completion) if "<<" in completion else completion
    boxes = _boxes(text)
    outside = _blank_out(text, boxes)
    words = None
    for span in sorted([*boxes, *_statements(outside)], reverse=True):
        if span.form == "box":
            if answer := text[span.answer_start : span.answer_end].strip():
                return answer
            continue
        answer = outside[span.answer_start : span.answer_end].strip(" \t\r*")
        if span.form == "sentence":
            answer = _first_sentence(answer)
            if _CHAIN.search(answer):
                continue
        if not _SUBSTANCE.search(answer):
            words = words or answer
        elif not _reads_as_prose(answer):
            return answer
    return words or _bare_answer(text.strip())


def _boxes(text: str) -> list[_Span]:
    """Every closed box, found in one pass however deep they nest."""
    first = _FIRST_BOX.search(text)
    if not first:
        return []
    start = first.start()
    boxes = [_Span(*m.span(), *m.span(1), "box") for m in _UNBRACED_BOX.finditer(text, start)]
    opened: list[re.Match[str]] = []
    for token in _BOX_TOKEN.finditer(text, start):
        if token[0] == "}" and opened:
            brace = opened.pop()
            if len(brace[0]) > 1:
                span = (brace.start(), token.end(), brace.end(), token.start())
                boxes.append(_Span(*span, "box"))
        elif token[0] == "{" or token[0].startswith((r"\boxed", r"\fbox")):
            opened.append(token)
    return boxes


def _blank_out(text: str, boxes: list[_Span]) -> str:
    """The text with its boxes blank, so that their content is not read as a statement."""
    pieces, position = [], 0
    for box in sorted(boxes):
        if box.start >= position:
            pieces += [text[position : box.start], " " * (box.end - box.start)]
            position = box.end
    return "".join([*pieces, text[position:]])


def _statements(text: str) -> Iterator[_Span]:
    """Every statement that is not a box."""
    if "####" in text:
        yield from (_Span(*m.span(), *m.span(1), "hashes") for m in _HASHES.finditer(text))
    if "A" in text and ":" in text:
        yield from (_Span(*m.span(), *m.span(1), "sentence") for m in _LINE.finditer(text))
    if "answer" in text.lower():
        yield from _sentences(text)


def _sentences(text: str) -> Iterator[_Span]:
    """Statements in sentences; each ends with its line, or before the next one in it."""
    openings = list(_SENTENCE.finditer(text))
    nexts = [*(opening.start() for opening in openings[1:]), len(text)]
    for opening, following in zip(openings, nexts, strict=False):
        start = opening.end()
        end = text.find("\n", start, following)
        end = following if end < 0 else end
        yield _Span(opening.start(), end, start, end, "sentence")


def _first_sentence(text: str) -> str:
    """The answer at the start of the text after "the answer is"."""
    formulas = _leading_formulas(text)
    if formulas and not any(map(_reads_as_prose, formulas)):
        return ", ".join(formulas)
    return _SENTENCE_END.split(text, maxsplit=1)[0].strip()


def _leading_formulas(text: str) -> list[str]:
    """The first formula, or several that fill the sentence but for commas, "and" and "or"."""
    formulas: list[str] = []
    position = 0
    while formula := _LEADING_FORMULA.match(text, position):
        formulas.append(next(group for group in formula.groups() if group).strip())
        another = _ANOTHER.match(text, formula.end())
        if not another:
            return formulas if _ENDED.match(text, formula.end()) else formulas[:1]
        position = another.end()
    return formulas[:1]


def _reads_as_prose(answer: str) -> bool:
    if _WORDS_AS_FORMULA.fullmatch(answer):
        return False
    return len(answer) <= MAX_ANSWER_CHARS and is_prose(tidy(answer))


def _bare_answer(text: str) -> str | None:
    if len(text) > MAX_BARE_CHARS or "\n" in text or r"\boxed" in text:
        return None
    plain = tidy(text)
    return None if not plain or is_prose(plain) or _CALCULATION.match(plain) else text
