r"""Sets of real numbers: unions of intervals, inequalities and set-builders, compared as sets.

Read: intervals and points joined by ``\cup`` (``(-\infty,1]\cup\{3\}``), ``\mathbb{R}`` with or
without points taken out, inequalities of one letter (``2\le x<4``, ``x\ne 3``) joined by "or",
"and" or a comma, ``\{x \mid …\}`` and ``x\in …``. Ends are numbers; other sets are left to algebra.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from stages.grading.mathematics.formulas import have_same_value, real_value

MAX_PIECES = 20

_MARK = re.compile(
    r"[<>]|\\(?:cup|setminus|le|ge|leq|geq|leqslant|geqslant|ne|neq|lt|gt|mathbb|in)\b"
)
_RELATIONS = {
    r"\leqslant": "<=", r"\geqslant": ">=", r"\leq": "<=", r"\geq": ">=", r"\le": "<=",
    r"\ge": ">=", r"\lt": "<", r"\gt": ">", r"\neq": "!=", r"\ne": "!=", "<=": "<=", ">=": ">=",
    "!=": "!=", "<": "<", ">": ">", "=": "=",
}  # fmt: skip
_RELATION = re.compile(
    r"\\(?:leqslant|geqslant|leq|geq|le|ge|lt|gt|neq|ne)(?![A-Za-z])|[<>!]=|[<>=]"
)
_BUILDER = re.compile(
    r"\\\{ ?([A-Za-z])( ?\\in ?\\mathbb\{R\})? ?(?:\||:|\\mid\b|\\colon\b) ?(.+?) ?\\\}"
)
_MEMBER = re.compile(r"([A-Za-z]) ?\\in ?(?=[(\[\\])(.+)")
_INTERVAL = re.compile(r"([(\[])([^,()\[\]]+|[^,]*\)?),([^,]+)([)\]])")
_POINTS = re.compile(r"\\\{(.*)\\\}")
_OR, _AND = (
    re.compile(r" ?(?:\bor\b|\\lor\b|\\vee\b) ?"),
    re.compile(r" ?(?:\band\b|\\land\b|\\wedge\b|,) ?"),
)
_ENDLESS = re.compile(r"[+-]? ?\\infty")


class End(NamedTuple):
    """One end of an interval, as it is written and as a number."""

    text: str
    value: Decimal
    is_closed: bool


Interval = tuple[End, End]


class RealSet(NamedTuple):
    """Intervals in order, none touching another; and the letter that a text gives its members."""

    intervals: list[Interval]
    letter: str | None


_LEAST, _MOST = (End(sign + r"\infty", Decimal(f"{sign}Infinity"), False) for sign in ("-", ""))
_REALS: list[Interval] = [(_LEAST, _MOST)]
_OPPOSITE = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=", "=": "="}


class _NoSetError(Exception):
    """A text that is no set of real numbers."""


def are_same_sets(reference: str, answer: str) -> bool | None:
    """Whether two tidied answers are one set; None unless both are sets, and one says so."""
    if not (_MARK.search(reference) or _MARK.search(answer)):
        return None
    try:
        ours, theirs = read_set(reference), read_set(answer)
        if ours.letter and theirs.letter and ours.letter != theirs.letter:
            return None
        return len(ours.intervals) == len(theirs.intervals) and all(
            _are_one(one, other) and one.is_closed == other.is_closed
            for pair in zip(ours.intervals, theirs.intervals, strict=True)
            for one, other in zip(*pair, strict=True)
        )
    except _NoSetError:
        return None


def read_set(tidied: str) -> RealSet:
    """The set that a text writes. Raises `_NoSetError` for any other text."""
    letter = None
    if match := _MEMBER.fullmatch(tidied):
        letter, tidied = match[1], match[2]
    if match := _BUILDER.fullmatch(tidied):
        letter, tidied = match[1], match[3]
    elif not _RELATION.search(tidied):
        return RealSet(_union(map(_piece, re.split(r" ?\\cup ?", tidied))), letter)
    named, intervals = _condition(tidied)
    if letter and letter != named:
        raise _NoSetError
    return RealSet(intervals, named)


def _piece(text: str) -> list[Interval]:
    """An interval, points, or the real numbers, perhaps without points."""
    whole, _, without = text.partition(r"\setminus")
    whole = whole.strip()
    if without:
        return _without(_piece(whole), _points(without.strip()))
    if whole == r"\mathbb{R}":
        return _REALS
    if match := _INTERVAL.fullmatch(whole):
        opening, start, end, closing = match.groups()
        return [(_end(start, opening == "["), _end(end, closing == "]"))]
    return [(point, point) for point in _points(whole)]


def _points(text: str) -> list[End]:
    match = _POINTS.fullmatch(text)
    if not match or not match[1].strip():
        raise _NoSetError
    return [_end(point, True) for point in match[1].split(",")]


def _end(text: str, is_closed: bool) -> End:
    text = text.strip()
    if _ENDLESS.fullmatch(text):
        return _LEAST if text.startswith("-") else _MOST
    value = real_value(text)
    if value is None:
        raise _NoSetError
    return End(text, value, is_closed)


def _condition(text: str) -> tuple[str, list[Interval]]:
    """The letter of inequalities and what they allow it."""
    letters, union = set(), []
    for alternative in _OR.split(text):
        allowed = _REALS
        for clause in _AND.split(alternative):
            if not clause:
                continue
            letter, more = _chain(clause)
            letters.add(letter)
            allowed = _common(allowed, more)
        union.append(allowed)
    if len(letters) != 1:
        raise _NoSetError
    return letters.pop(), _union(union)


def _chain(text: str) -> tuple[str, list[Interval]]:
    r"""The letter of a chain such as ``2\le x<4``, and what it allows it."""
    signs = [_RELATIONS[sign] for sign in _RELATION.findall(text)]
    terms = [term.strip() for term in _RELATION.split(text)]
    places = [i for i, term in enumerate(terms) if re.fullmatch("[A-Za-z]", term) and term != "i"]
    if not 2 <= len(terms) <= 3 or len(places) != 1:
        raise _NoSetError
    at, allowed = places[0], _REALS
    for i, sign in enumerate(signs):
        if at not in (i, i + 1):
            raise _NoSetError
        end = _end(terms[i + 1 if at == i else i], True)
        allowed = _common(allowed, _half(sign if at == i else _OPPOSITE[sign], end))
    return terms[at], allowed


def _half(sign: str, end: End) -> list[Interval]:
    """The numbers that a relation to an end allows."""
    is_open = end._replace(is_closed=False)
    return {
        "<": [(_LEAST, is_open)],
        "<=": [(_LEAST, end)],
        ">": [(is_open, _MOST)],
        ">=": [(end, _MOST)],
        "=": [(end, end)],
        "!=": [(_LEAST, is_open), (is_open, _MOST)],
    }[sign]


def _without(intervals: list[Interval], points: list[End]) -> list[Interval]:
    for point in points:
        intervals = _common(intervals, _half("!=", point))
    return intervals


def _common(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """What lies in both."""
    both = [
        (max(one[0], other[0], key=_from), min(one[1], other[1], key=_to))
        for one in some
        for other in others
    ]
    return [each for each in both if _is_no_less(each[1], each[0])]


def _union(sets: Iterable[list[Interval]]) -> list[Interval]:
    """All intervals of several sets in order, those that meet as one."""
    intervals = sorted((one for each in sets for one in each), key=lambda one: _from(one[0]))
    if len(intervals) > MAX_PIECES:
        raise _NoSetError
    joined: list[Interval] = []
    for start, end in intervals:
        if not _is_no_less(end, start):
            raise _NoSetError  # an interval that ends before it starts
        if joined and _meet(joined[-1][1], start):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end, key=_to))
        else:
            joined.append((start, end))
    return joined


def _meet(end: End, start: End) -> bool:
    """Whether what ends here leaves no gap before what starts there."""
    if _are_one(end, start):
        return end.is_closed or start.is_closed
    return start.value < end.value


def _is_no_less(end: End, start: End) -> bool:
    if _are_one(start, end):
        return start.is_closed and end.is_closed
    return start.value < end.value


def _from(end: End) -> tuple[Decimal, bool]:
    return end.value, not end.is_closed


def _to(end: End) -> tuple[Decimal, bool]:
    return end.value, end.is_closed


def _are_one(one: End, other: End) -> bool:
    if one.value.is_infinite() or other.value.is_infinite():
        return one.value == other.value
    same = have_same_value(one.text, other.text)
    if same is None:
        raise _NoSetError
    return same
