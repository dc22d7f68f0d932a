r"""Where a written solution gives its final answer: as it states it, or in what it says last.

Policy of `find_answer`. Only the solution itself is read (`stages.grading.own_text`), and what
follows its thoughts, if that states anything. An answer counts where the text states it, in one of
these forms:

- ``\boxed{18}`` (or ``\fbox``) with balanced braces; an unclosed or empty box states nothing;
- ``#### 18``; of a last line that goes on in words after the value, the value;
- ``<answer>18</answer>``;
- a line ``A: 18``;
- a sentence or line with ``answer is 18``, ``answer: 18``, ``answer = 18``, ``answer must be 18``
  and the like, or the same in other languages (`phrases`); of a formula and what follows it the
  formula is the answer, and several that fill a sentence are a list (``$3$ and $4$``);
- a heading ``**Final Answer**`` above a line with the answer;
- ``18 is the answer``, if nothing is boxed or hashed.

Of several statements the last one wins, whatever its form, on one line too. A sentence or line of
words alone ("the answer is correct", a heading) counts only if no other statement does; prose
around a number ("A: There are 15 trees") states nothing, nor does a sentence that goes on
calculating ("the answer: 17 * 44 = 748 = 9 * 83 + 1"); words set as a formula are an answer.
Without any statement the last line counts if it is a display or a formula alone, a value as a
heading or in bold, or a conclusion such as "Final result: 18", "The solution is 18" or "Hence 18".
A completion that is nothing but an answer (one short line, no prose, no calculation) is that
answer. Anything else states none: the last number of the text is never taken for a statement, since
half a solution would then be graded on an intermediate result.

Policy of `find_last_value`. Where no answer is stated: the last number or formula of the solution,
of a calculation its result.
"""

import re
from collections.abc import Iterator

from stages.grading.mathematics import phrases
from stages.grading.mathematics.answer_text import (
    CHAIN,
    LEFT_OF_VALUE,
    SUBSTANCE,
    first_sentence,
    reads_as_prose,
    unquote,
    value_before_words,
)
from stages.grading.mathematics.boxes import Form, Span, blank_out, find_boxes
from stages.grading.mathematics.conclusions import bare_answer, conclusion, is_short, last_value
from stages.grading.own_text import own_text
from stages.grading.thinking import end_of_thinking

_ANNOTATION = re.compile(r"<<[^<>]*>>")
_HASHES = re.compile(r"(?<!#)####(?!#)[ \t]*(.+)")
_LINE = re.compile(r"A[ \t*]*:(.+)")
"""A statement where only blanks and decoration are before it on its line."""
_TAGS = ("<a", "<A", "<f", "<F", "[ANSWER]", "[answer]")
_TAG = re.compile(
    r"[<\[](answer|final_answer|final answer|ans)[>\]](.*?)(?:[<\[]/(?:\1)[>\]]|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(
    r'"(?:final[_ ])?answer"\s*:\s*(?:"((?:[^"\\\n]|\\.)*)"|([^,}\s]+))', re.IGNORECASE
)
_ENVIRONMENT = re.compile(
    r"^\\begin\{(aligned|align\*?|gathered|gather\*?|split|equation\*?)\}(.*)\\end\{\1\}$",
    re.DOTALL,
)
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mbox|mathrm)\s*\{([^{}]*)\}")


def find_answer(completion: str) -> str | None:
    """The final answer as stated in a solution, None if it states none (see the policy)."""
    return _find_stated(own_text(_plain(completion), _is_answered))


def find_last_value(completion: str) -> str | None:
    """The last number or formula of a solution; None if it has none."""
    text = own_text(_plain(completion), _is_answered)
    return last_value(text[end_of_thinking(text) :] or text)


def is_answered(text: str) -> bool:
    """Whether a text that ends here has stated its answer, so that what follows is another's."""
    return _is_answered(_plain(text))


def _is_answered(text: str) -> bool:
    return _find_stated(text) is not None


def _plain(completion: str) -> str:
    text = _ANNOTATION.sub("", completion) if "<<" in completion else completion
    return phrases.in_ascii_signs(text)


def _find_stated(text: str) -> str | None:
    """What a text states after its thoughts; in them, if it only repeats itself in words."""
    thoughts = end_of_thinking(text)
    if 0 < thoughts < len(text):
        return _stated_answer(text[thoughts:]) or _statement(text[:thoughts])[0]
    return _stated_answer(text)


def _stated_answer(text: str) -> str | None:
    if ("<" in text or "[" in text) and any(tag in text for tag in _TAGS):
        tags = list(_TAG.finditer(text))
        if tags:
            after, _ = _statement(text[tags[-1].end() :])
            inside = tags[-1][2].strip()
            return after or _stated_answer(inside) or (inside if is_short(inside) else None)
    answer, words = _statement(text)
    return answer or words or conclusion(text) or bare_answer(text.strip())


def _statement(text: str) -> tuple[str | None, str | None]:
    """(the last answer stated, the last that is only words), each None without one."""
    boxes = find_boxes(text)
    outside = blank_out(text, boxes)
    words = None
    for span in sorted(
        [*boxes, *_statements(outside, bool(boxes) or "####" in outside)], reverse=True
    ):
        if span.form == "box":
            if answer := _strip_words(text[span.answer_start : span.answer_end].strip()):
                return answer, words
            continue
        answer = outside[span.answer_start : span.answer_end].strip(" \t\r*_")
        if span.form == "hashes":
            is_last = not outside[span.end :].strip()
            answer = value_before_words(answer) if is_last else answer
        elif span.form == "foreign":
            answer = phrases.foreign_answer(answer)
        elif span.form == "sentence":
            answer = first_sentence(answer)
            if CHAIN.search(answer):
                continue
        answer = unquote(LEFT_OF_VALUE.sub("", answer))
        if not SUBSTANCE.search(answer):
            words = words or answer
        elif not reads_as_prose(answer):
            return answer, words
    return None, words


def _strip_words(answer: str) -> str:
    """The content of a box without "The answer is", an equals sign or an environment around it."""
    if environment := _ENVIRONMENT.match(answer):
        cell = environment[2].strip()
        answer = cell.replace("&", "").strip() if r"\\" not in cell.rstrip("\\ \n") else answer
    if r"\text" in answer and "answer" in answer.lower():
        plain = _TEXT.sub(r"\1", answer)
        if phrase := phrases.SENTENCE.search(plain):
            answer = plain[phrase.end() :].strip() or answer
    return LEFT_OF_VALUE.sub("", answer)


def _statements(text: str, is_marked: bool) -> Iterator[Span]:
    """Every statement that is not a box; is_marked: whether there are boxes or hashes."""
    if "####" in text:
        hashes = _HASHES.finditer(text, text.index("####"))
        yield from (Span(*m.span(), *m.span(1), "hashes") for m in hashes)
    if "A" in text and ":" in text:
        for line in _LINE.finditer(text):
            start = text.rfind("\n", 0, line.start()) + 1
            if not text[start : line.start()].strip(" \t>*"):
                yield Span(start, line.end(), *line.span(1), "sentence")
    if "nswer" in text or "NSWER" in text or "Ans" in text:
        openings = [*phrases.SENTENCE.finditer(text), *phrases.HEADING.finditer(text)]
        yield from _sentences(text, openings, "sentence")
        for whole, value in () if is_marked else phrases.reversed_statements(text):
            yield Span(*whole, *value, "value")
        if '"' in text:
            for match in _JSON.finditer(text):
                yield Span(*match.span(), *match.span(match.lastindex or 0), "value")
    if phrases.may_state_in_another_language(text):
        yield from _sentences(text, list(phrases.FOREIGN.finditer(text)), "foreign")


def _sentences(text: str, openings: list[re.Match[str]], form: Form) -> Iterator[Span]:
    """Statements in sentences; each ends with its line, or before the next one in it."""
    openings.sort(key=lambda opening: opening.start())
    nexts = [*(opening.start() for opening in openings[1:]), len(text)]
    for opening, following in zip(openings, nexts, strict=False):
        start = opening.end()
        end = text.find("\n", start, following)
        end = following if end < 0 else end
        yield Span(opening.start(), end, start, end, form)
