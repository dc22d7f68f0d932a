"""How a solution splits into steps: the same for gold rationales and for what models write."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from stages.solutions.whole_spans import Span, whole_spans

Form = Literal["auto", "sections", "paragraphs", "lines", "sentences"]

WRITTEN_LINE = re.compile(r"\n(?=[^\S\n]*\S)")  # where a line begins that is not blank
LINE_END = re.compile(r"\n(?:[ \t\r]*\n)*")
SENTENCE_END = re.compile(
    r"(?<![A-Z][a-z][.])(?<!Mrs[.])(?<![ .(][A-Z][.])"  # Dr. and J. end no sentence
    r"(?:(?<=[.!?])|(?<=[.!?][$)])|(?<=\\\])|(?<=[.!?]\$\$))"
    r"(?: +|[ \t]*\n[ \t]*)(?=[A-Z$\\(]|\d{1,2}[.)] +[A-Z])"
)
SAYS_SOMETHING = re.compile(r"[^\W_]")
ENDS_SENTENCE = re.compile(r"[.!?]['\")*]*$")
STEP_MARK = re.compile(
    r"(?:#{1,6}[ \t]+)?(?:\*\*|__)?(?:Step|STEP)[ \t]+\d{1,3}(?=\W|$)(?![ \t]+\w)"
)
HEADING_MARK = re.compile(
    r"#{1,6}[ \t]+(?=[^\n]*[A-Za-z]{2})|(?:\*\*|__)[^*_\n]+(?:\*\*|__):?[ \t]*$", re.MULTILINE
)
NUMBER_MARK = re.compile(r"(?:\*\*)?\d{1,2}[.)](?:\*\*)?[ \t]+\S")
WORD = re.compile(r"[A-Za-z]{2}")
TITLE = re.compile(r"#{1,6}[ \t]+(.*)|(?:\*\*|__)([^*]+)(?:\*\*|__):?")
LABEL = re.compile(
    r"(?:\*\*)?(?:Step|STEP|Case|Part)\s+\w{1,4}(?:[.:)]?|[.:)](?:\*\*)?\s[^\d=.!?]{1,80})"
    r"|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|[A-Z][a-z]+:"
)


def split_lines(text: str) -> list[str]:
    """Lines with their line ends; a blank line joins the line before it (the first one, after it).

    Only \\n ends a line: a form feed, for example, comes from a badly escaped \\frac.
    """
    begin = len(text) - len(text.lstrip())
    starts = [0, *(found.end() for found in WRITTEN_LINE.finditer(text, begin))]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])] if text else []


def split_steps(text: str, form: Form = "auto", before: str = "") -> list[str]:
    """Steps whose concatenation is exactly the text, whatever is in it.

    No step ends inside mathematics, an environment, code or a table (`whole_spans`). A step that
    says nothing (a rule, a delimiter) joins the one before it, a heading joins what it is above,
    and a display joins the sentence that leads to it. The first steps of a text, joined, split
    into the same steps again.

    `before` is the text that this one continues; it decides the form too, but has steps of its own.
    """
    whole, begin = before + text, len(before)
    starts = [start for start in _step_starts(whole, form) if start > begin]
    if starts and not SAYS_SOMETHING.search(whole, begin, starts[0]):
        del starts[0]
    edges = [begin, *starts, len(whole)] if text else []
    return [whole[a:b] for a, b in pairwise(edges)]


def prompt_prefix(prefix: str) -> str:
    """A prefix for a model to continue: a blank at its end belongs to the next word's token."""
    return prefix.rstrip(" ")


def strip_overlap(prefix: str, continuation: str) -> str:
    """A continuation of `prompt_prefix`, without the blanks that the prefix already ends with."""
    return continuation.removeprefix(prefix[len(prompt_prefix(prefix)) :])


def join_continuation(prefix: str, continuation: str) -> str:
    """The whole text, with the prefix exactly as it was."""
    return prefix + strip_overlap(prefix, continuation)


class _Break(NamedTuple):
    """Where a line begins, outside what is kept whole; `blank`: after a blank line."""

    at: int
    blank: bool
    mark: Literal["step", "heading", "number", ""]


def _step_starts(text: str, form: Form) -> list[int]:
    spans = whole_spans(text)
    choose = {
        "auto": _auto,
        "sections": _sections,
        "paragraphs": lambda text, breaks, spans: [b.at for b in breaks if b.blank],
        "lines": lambda text, breaks, spans: [b.at for b in breaks],
        "sentences": _sentences,
    }[form]
    return _join_blocks(text, choose(text, _breaks(text, spans), spans), spans)


def _breaks(text: str, spans: Sequence[Span]) -> list[_Break]:
    first = len(text) - len(text.lstrip())
    ends = (end for end in LINE_END.finditer(text) if end.start() > first)
    breaks = [_Break(m.end(), m[0].count("\n") > 1, _mark(text, m.end())) for m in ends]
    return [
        b for b, cut in zip(breaks, _cuts([b.at for b in breaks], spans), strict=True) if not cut
    ]


def _mark(text: str, at: int) -> Literal["step", "heading", "number", ""]:
    """How the line that begins here announces a part of the solution."""
    if STEP_MARK.match(text, at):
        return "step"
    if HEADING_MARK.match(text, at):
        return "heading"
    return "number" if NUMBER_MARK.match(text, at) else ""


def _cuts(starts: Sequence[int], spans: Sequence[Span]) -> Iterator[bool]:
    """Whether a step that begins there would cut a span, for each of these starts in order."""
    number, reached = 0, 0
    for start in starts:
        while number < len(spans) and spans[number].start < start:
            reached = max(reached, spans[number].end)
            number += 1
        yield start < reached


def _sentences(text: str, breaks: Sequence[_Break], spans: Sequence[Span]) -> list[int]:
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    whole = [end for end, cut in zip(ends, _cuts(ends, spans), strict=True) if not cut]
    return sorted({*whole, *(b.at for b in breaks if b.blank)})


def _sections(text: str, breaks: Sequence[_Break], spans: Sequence[Span]) -> list[int]:
    """At headings, "Step 1" and numbers (not those under a heading); before them, paragraphs."""
    mark, starts = _mark(text, len(text) - len(text.lstrip())), []
    for one in breaks:
        if one.mark and (one.mark != "number" or mark in ("", "number")):
            mark = one.mark
            starts.append(one.at)
        elif not mark and one.blank:
            starts.append(one.at)
    return starts


def _auto(text: str, breaks: Sequence[_Break], spans: Sequence[Span]) -> list[int]:
    """Paragraphs and headings; without them "Step 1" and lines; sentences of a single line.

    Each choice depends on the beginning of the text or on what the first steps contain.
    """
    if not breaks:
        return _sentences(text, breaks, spans)
    has_paragraphs = any(one.blank for one in breaks)
    in_steps = _mark(text, len(text) - len(text.lstrip())) == "step"
    starts = []
    for one in breaks:
        is_headed = in_steps and one.mark in ("step", "heading")
        if one.blank or is_headed or not (has_paragraphs or in_steps):
            starts.append(one.at)
        in_steps = in_steps or one.blank or (one.mark == "step" and not has_paragraphs)
    return starts


def _join_blocks(text: str, starts: Sequence[int], spans: Sequence[Span]) -> list[int]:
    """Where steps begin, once blocks that can't stand alone have joined the one before or after."""
    kept = [0]
    says, ends_thought, number = False, True, 0  # of the step so far; of the block before
    for at, until in pairwise([0, *starts, len(text)]):
        own = []
        while number < len(spans) and spans[number].start < until:
            own.append(spans[number])
            number += 1
        block = text[at:until].strip()
        has_words = bool(SAYS_SOMETHING.search(block))
        is_display, ends_in_display = _displays(text, at, until, own)
        joins = not has_words or (is_display and not ends_thought)
        if says and not joins:
            kept.append(at)
            says = False
        says = says or (has_words and not _is_heading(block))
        ends_thought = ends_in_display or bool(ENDS_SENTENCE.search(block))
    return kept


def _displays(text: str, at: int, until: int, spans: Sequence[Span]) -> tuple[bool, bool]:
    """Whether a block is nothing but displays, and whether it ends in one."""
    shown = [span for span in spans if span.kind == "display"]
    if not shown:
        return False, False
    edges = [at, *(edge for span in shown for edge in span[:2]), until]
    between = [(edges[n], edges[n + 1]) for n in range(0, len(edges), 2)]
    words = [bool(SAYS_SOMETHING.search(text, a, b)) for a, b in between]
    return not any(words), not words[-1]


def _is_heading(block: str) -> bool:
    """Whether it is only headings: titles in # or bold, "Step 1:", "2.", "Solution:"."""
    lines = [line.strip() for line in block.split("\n")]
    return all(_is_title(line) for line in lines if SAYS_SOMETHING.search(line))


def _is_title(line: str) -> bool:
    """Several sentences are no title, nor is one that states an equation or has no "Step 1"."""
    title = TITLE.fullmatch(line)
    if not title:
        return bool(LABEL.fullmatch(line))
    words = (title[1] or title[2] or "").rstrip("*_: ")
    is_sentence = ENDS_SENTENCE.search(words) and ("=" in words or not STEP_MARK.match(line))
    speaks = is_sentence or SENTENCE_END.search(words) or r"\boxed" in words
    return not speaks and bool(WORD.search(words))
