r"""Compares two answers as far as that is possible without algebra.

Policy. Answers are one if their tidied texts are, never because one contains the other. Two
numbers are compared as numbers (see `numbers`). ``x = 5`` equals 5; where both name what they
give, the names must agree. ``1011_2`` equals the same digits without the base, which the problem
names. Bracketed tuples and intervals are compared place by place, lists without brackets and
sets in any order; ``1 \pm 2`` is a list of two. Matrices are compared entry by entry, sets of real
numbers as sets (see `real_sets`). Words equal only the same words. Other formulas are compared as
values (see `formulas`); functions and other relations are left to algebra.
"""

import re
from collections.abc import Iterable
from itertools import accumulate, chain

from stages.grading.mathematics.equal_sides import assignment, equal_sides, roundings
from stages.grading.mathematics.formulas import have_same_value
from stages.grading.mathematics.matrices import matrix_entries
from stages.grading.mathematics.notation import (
    drop_thousands_commas,
    is_wordy,
    match_key,
    tidy,
    unwrap,
)
from stages.grading.mathematics.numbers import are_equal, read_number
from stages.grading.mathematics.real_sets import are_same_sets

_BASE = re.compile(r"\(?(\d[0-9A-F]*)\)?_\{?(\d{1,2})\}?")
_CONJUNCTION = re.compile(r",?\s*\b(?:and|or)\b\s*")
_BOTH_SIGNS = re.compile(r"\\pm(?![A-Za-z])")
_THOUSANDS = re.compile(r"(?<=\d),\d{3}(?!\d)")
_OPENING, _CLOSING = "([{", ")]}"
UNORDERED = ("", "")
MAX_ELEMENTS, MAX_BRACKETS = 30, 30


def are_same(reference: str, answer: str) -> bool | None:
    """Whether two answers are one; None if algebra is needed."""
    decided = are_same_tidied(tidy(reference), tidy(answer))
    if decided is False and "{" in reference + answer:
        # one may keep as a factor what the other marks as a unit: 2 K
        return match_key(unwrap(reference)) == match_key(unwrap(answer))
    return decided


def are_same_tidied(reference: str, answer: str) -> bool | None:
    """`are_same` for tidied answers."""
    if match_key(reference) == match_key(answer):
        return True
    numbers = read_number(reference), read_number(answer)
    if numbers[0] and numbers[1]:
        return are_equal(numbers[0], numbers[1])
    if "=" in reference or "=" in answer or r"\approx" in reference + answer:
        several = _values_of_equations(reference, answer)
        if several:
            ours, theirs = several
            return _some(are_same_tidied(one, other) for one in ours for other in theirs)
    if _BASE.fullmatch(reference) or _BASE.fullmatch(answer):
        return _have_same_digits(reference, answer)
    if is_wordy(reference) or is_wordy(answer):
        return match_key(reference).lower() == match_key(answer).lower()
    decided = are_same_sets(reference, answer)
    if decided is None:
        decided = _are_same_matrices(reference, answer)
    if decided is None:
        decided = _are_same_lists(reference, answer)
    return have_same_value(reference, answer) if decided is None else decided


def _values_of_equations(reference: str, answer: str) -> tuple[list[str], list[str]] | None:
    """What two answers of which one is an equation say; None if they are no values."""
    given = assignment(reference), assignment(answer)
    if len({match_key(name) for name, _ in filter(None, given)}) == 1:
        ours, theirs = (
            value[1] if value else text
            for value, text in zip(given, (reference, answer), strict=True)
        )
        return [ours], [theirs]
    several = equal_sides(reference) or roundings(reference) or [reference]
    stated = equal_sides(answer)[-1:] or roundings(answer) or [answer]
    return (several, stated) if len(several) > 1 or stated != [answer] else None


def as_list(tidied: str) -> tuple[tuple[str, str], list[str]] | None:
    r"""(brackets, elements) of a list; brackets are ("", "") for none and for ``\{ \}``.

    None unless there are two elements or more, and few enough to compare them all.
    """
    if sum(map(tidied.count, _OPENING)) > MAX_BRACKETS or read_number(tidied):
        return None
    text = _CONJUNCTION.sub(",", tidied)
    brackets = UNORDERED
    if text.startswith(r"\{") and text.endswith(r"\}") and _encloses(text[1:]):
        text = text[2:-2]
    elif text[:1] in ("(", "[") and _encloses(text):
        brackets, text = (text[0], text[-1]), text[1:-1]
    elements = _split_at_commas(text)
    if brackets == UNORDERED:
        elements = [signed for element in elements for signed in _expand_plus_minus(element)]
    return (brackets, elements) if 1 < len(elements) <= MAX_ELEMENTS and all(elements) else None


def _expand_plus_minus(element: str) -> list[str]:
    r"""Both values of an element with one ``\pm``; several may or may not vary together."""
    if len(_BOTH_SIGNS.findall(element)) != 1:
        return [element]
    return [_BOTH_SIGNS.sub("+", element), _BOTH_SIGNS.sub("-", element)]


def _encloses(text: str) -> bool:
    """Whether the last character is the bracket that closes the first."""
    steps = [(c in _OPENING) - (c in _CLOSING) for c in text]
    return sum(steps) == 0 and all(depth > 0 for depth in accumulate(steps[:-1]))


def _split_at_commas(text: str) -> list[str]:
    """The text split at the commas outside all brackets."""
    grouped = ", " in text  # then the comma of "2,000" separates thousands, not elements
    pieces, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth == 0 and not (grouped and _THOUSANDS.match(text, i)):
            pieces.append(text[start:i].strip())
            start = i + 1
    return [drop_thousands_commas(piece) for piece in (*pieces, text[start:].strip())]


def _are_same_lists(reference: str, answer: str) -> bool | None:
    reference_list, answer_list = as_list(reference), as_list(answer)
    if not reference_list or not answer_list:
        for one, many in ((reference, answer_list), (answer, reference_list)):
            if many and many[0] == UNORDERED and _every(are_same_tidied(one, n) for n in many[1]):
                return True  # one value, written in several ways
        is_number = read_number(reference) or read_number(answer)
        return False if is_number and (reference_list or answer_list) else None
    (brackets, ours), (their_brackets, theirs) = reference_list, answer_list
    if brackets != their_brackets:
        return None
    if brackets == UNORDERED:
        forth = (_some(are_same_tidied(a, b) for b in theirs) for a in ours)
        back = (_some(are_same_tidied(a, b) for a in ours) for b in theirs)
        return _every(chain(forth, back))
    if len(ours) != len(theirs):
        return False
    return _every(are_same_tidied(a, b) for a, b in zip(ours, theirs, strict=True))


def _are_same_matrices(reference: str, answer: str) -> bool | None:
    if r"\begin" not in reference or r"\begin" not in answer:
        return None
    ours, theirs = matrix_entries(reference), matrix_entries(answer)
    if not ours or not theirs or ours[0] != theirs[0]:
        return None
    if list(map(len, ours[1])) != list(map(len, theirs[1])):
        return None if ours[0] == "determinant" else False
    pairs = zip(chain(*ours[1]), chain(*theirs[1]), strict=True)
    same = _every(are_same_tidied(one, other) for one, other in pairs)
    return same or (False if same is False and ours[0] == "matrix" else None)


def _have_same_digits(reference: str, answer: str) -> bool:
    """Whether two numbers have the same digits, if one or both name their base."""
    matches = _BASE.fullmatch(reference), _BASE.fullmatch(answer)
    digits = {m[1] if m else text for m, text in zip(matches, (reference, answer), strict=True)}
    bases = {match[2] for match in matches if match}
    return len(bases) == 1 and len({d.replace(",", "").lstrip("0") for d in digits}) == 1


def _every(decisions: Iterable[bool | None]) -> bool | None:
    """False as soon as one is False, else None if one is undecided."""
    seen: set[bool | None] = set()
    for decision in decisions:
        if decision is False:
            return False
        seen.add(decision)
    return None if None in seen else True


def _some(decisions: Iterable[bool | None]) -> bool | None:
    """True as soon as one is True, else None if one is undecided."""
    opposite = _every(None if decision is None else not decision for decision in decisions)
    return None if opposite is None else not opposite
