"""Programs that read standard input: pairs of an input and what is to be printed for it.

Two outputs are the same if their lines are, word for word: blanks at the ends of lines, their width
between words, and blank lines at the end do not count.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from stages.grading.reference import Reference

MAX_SHOWN = 60


class Pair(NamedTuple):
    """What a program reads, and what it is to print."""

    given: str
    wanted: str


def pair_text(given: str, wanted: str) -> str:
    """A pair as a text of `Reference.tests`."""
    return json.dumps({"input": given, "output": wanted}, ensure_ascii=False)


def pairs_of(reference: Reference) -> list[Pair]:
    """The pairs of a reference: its tests, or its answer if that is {"inputs": …, "outputs": …}.

    Raises ValueError, in words, for what is neither.
    """
    if reference.tests:
        tests = [_object(test) for test in reference.tests]
        return [Pair(*pairs_in([test.get("input")], [test.get("output")])[0]) for test in tests]
    held = _object(reference.answer)
    return pairs_in(held.get("inputs"), held.get("outputs"))


def pairs_in(inputs: Any, outputs: Any) -> list[Pair]:
    """Lists of inputs and outputs as pairs; each is a text, or a list of its lines.

    Raises ValueError, in words, if they are not of one length, or none.
    """
    if not isinstance(inputs, list) or not isinstance(outputs, list) or not inputs:
        raise ValueError("has no list of inputs and outputs")
    if len(inputs) != len(outputs):
        raise ValueError(f"has {len(inputs)} inputs and {len(outputs)} outputs")
    return [
        Pair(_text(given), _text(wanted)) for given, wanted in zip(inputs, outputs, strict=True)
    ]


def difference(wanted: str, printed: str) -> str | None:
    """How the printed lines differ from the wanted ones, in a few words; None if they do not."""
    expected, found = _lines(wanted), _lines(printed)
    for number, (line, own) in enumerate(zip(expected, found, strict=False), 1):
        if line != own:
            return f"line {number} is {_excerpt(own)}, not {_excerpt(line)}"
    if len(expected) != len(found):
        return f"prints {len(found)} lines, not {len(expected)}"
    return None


def _lines(text: str) -> list[list[str]]:
    lines = [line.split() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _excerpt(words: Iterable[str]) -> str:
    return repr(" ".join(words)[:MAX_SHOWN])


def _text(given: Any) -> str:
    if isinstance(given, list) and all(isinstance(line, str | int | float) for line in given):
        return "\n".join(map(str, given))
    if not isinstance(given, str | int | float):
        raise ValueError(f"has a {type(given).__name__} for an input or an output")
    return str(given)


def _object(text: str) -> dict[str, Any]:
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise ValueError('is no JSON object of inputs and outputs, as in {"inputs": [], ...}')
    return held
