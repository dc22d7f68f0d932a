"""Equality by algebra: Math-Verify and sympy, for answers that `plain_equality` leaves open.

Call it where a hang or a crash does no harm (see `pool`). Math-Verify's own time-outs are switched
off: they use SIGALRM, which fails outside a main thread.
"""

import dataclasses
import logging
import re
from functools import cache
from typing import Any

from stages.grading.mathematics.exact_algebra import exact_math_verify
from stages.grading.mathematics.notation import tidy, to_latex
from stages.grading.mathematics.plain_equality import UNORDERED, are_same_tidied, as_list
from stages.grading.reference import Verdict

_SIDE_BY_SIDE = re.compile(r"\d \d")
_RELATION = re.compile(r"[=<>]|\\(?:in|le|ge|leq|geq|lt|gt|neq?)(?![A-Za-z])")
_NAMED_VALUE = re.compile(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?(?:\([\w, ]*\))?\s?=")
_EQUATION = re.compile(
    r"(?=[^=]*[A-Za-z])[^=]*(?:[-+*/^]|\\(?:frac|sqrt)(?![A-Za-z])|\d ?[A-Za-z])[^=]*="
)


class UnreadableError(Exception):
    """A text that is not mathematics; the message says which of the two texts."""


def compare(reference: str, answer: str) -> Verdict:
    """The verdict on a reference and an extracted answer, by algebra. It has no time limit."""
    try:
        is_same = _are_equal(tidy(reference), tidy(answer))
    except UnreadableError as why:
        about_reference = str(why).startswith("reference")
        return Verdict("error" if about_reference else "unparseable", answer, str(why))
    return Verdict("correct" if is_same else "wrong", answer, "symbolic")


def _are_equal(reference: str, answer: str) -> bool:
    decided = are_same_tidied(reference, answer)
    if decided is not None:
        return decided
    ours, theirs = as_list(reference), as_list(answer)
    if ours and theirs and UNORDERED != ours[0] != theirs[0]:
        if theirs[0] != UNORDERED or answer.startswith("\\{"):
            return False
        theirs = ours[0], theirs[1]  # a pair without brackets is read as written in order
    if ours and theirs and UNORDERED != ours[0] == theirs[0]:
        return len(ours[1]) == len(theirs[1]) and all(map(_are_equal, ours[1], theirs[1]))
    gold, stated = _parse(reference, "reference"), _parse(answer, "answer")
    if "=" in reference and not (_NAMED_VALUE.match(reference) or _RELATION.search(answer)):
        return False  # Math-Verify takes 5 for x + y = 5
    if _EQUATION.match(answer) and not _RELATION.search(reference):
        return False  # and x + y = 5 for 5
    # Math-Verify takes an interval for a relation, but not a relation for an interval.
    return _verify(gold, stated) or bool(_RELATION.search(answer) and _verify(stated, gold))


def _verify(gold: list[Any], stated: list[Any]) -> bool:
    verify = exact_math_verify().verify
    return bool(verify(gold, stated, timeout_seconds=None, raise_on_error=True))


def _parse(tidied: str, what: str) -> list[Any]:
    """Math-Verify's reading of the whole text as one formula, never of a part of it."""
    import math_verify

    text = to_latex(tidied)
    if _SIDE_BY_SIDE.search(text):
        raise UnreadableError(f"{what} has numbers side by side")
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    parsed = math_verify.parse(
        f"${text.replace('%', '')}$",
        [_parser_settings()],
        fallback_mode="no_fallback",
        parsing_timeout=None,
        raise_on_error=True,
    )
    if not parsed:
        raise UnreadableError(f"{what} not readable as mathematics")
    return list(parsed)


@cache
def _parser_settings() -> Any:
    """Math-Verify's settings without units: it takes the c of a + b + c for one."""
    import math_verify

    default = math_verify.LatexExtractionConfig(boxed_match_priority=-1)
    rules = dataclasses.replace(default.normalization_config, units=False)
    return dataclasses.replace(default, normalization_config=rules)
