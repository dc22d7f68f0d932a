r"""How much of a gold rationale may be shown: never a step that states the answer (GSI 3.3).

A text states the answer where it holds it in any writing: a number of the same value
(``1,200`` for 1200, ``3/4`` or ``\frac{3}{4}`` for 0.75, ``20\%`` for 20), the same words, or a
formula that is worth as much. Whether the problem holds the number too makes no difference, so
that what was shown can be trusted unread. Of a choice, neither the letter as an answer nor the
right option may stand there. The last step is never shown; of a program, that is its last line.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from stages.grading.answers import find_answer
from stages.grading.exact import same
from stages.grading.kinds import PROGRAMS
from stages.grading.notation import MAX_ANSWER_CHARS, plain, tidy
from stages.grading.numbers import number

_DIGITS = r"\d+(?:(?:,|\{,\}|\\!,?|,\\!)\d{3}(?!\d))*(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(_DIGITS)
_GROUPING = re.compile(r",|\{,\}|\\!")
_QUOTIENT = re.compile(
    rf"\\[dtc]?frac\s*(?:\{{\s*({_DIGITS})\s*\}}|(\d))\s*(?:\{{\s*({_DIGITS})\s*\}}|(\d))"
    rf"|({_DIGITS})\s*(?:/|\\div)\s*({_DIGITS})"
)
_SIDE = re.compile(r"[=$]|[.,;:](?=\s|$)|\\(?:implies|Rightarrow|approx|boxed)(?![a-z])")
_FORMULA = re.compile(r"\$[^$]+\$")
_MIXED = re.compile(r"(\d+)\s*\\[dtc]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}")


def prefixes(
    rationale: Sequence[str], answer: str, options: Sequence[str] = (), kind: str = "math"
) -> list[str]:
    """The rationale to the end of its first 0, 1, 2, … steps, as far as no answer stands in it."""
    found = [""]
    for step in rationale[:-1]:
        if kind not in PROGRAMS and states(step, answer, options):
            break
        found.append(found[-1] + step)
    return found


def states(text: str, answer: str, options: Sequence[str] = ()) -> bool:
    """Does the text state the answer, in whatever writing."""
    if options:
        letter = answer.strip("() ").upper()
        if (find_answer(text) or "").strip("(). ").upper() == letter:
            return True
        place = ord(letter[0]) - ord("A") if letter else len(options)
        if not 0 <= place < len(options):
            return False
        answer = options[place]
    value = number(answer)
    if value is not None and any(abs(found) == abs(value) for found in numbers(text)):
        return True
    if value is None:
        for writing in (_spoken, _squeezed):
            if _stands_in(writing(answer), writing(text)):
                return True
    return any(same(answer, side) for side in _sides(text))


def numbers(text: str) -> Iterator[Fraction]:
    """The value of every number and quotient of numbers in a text; signs are left out."""
    for match in _MIXED.finditer(text):
        if int(match[3]):
            yield int(match[1]) + Fraction(int(match[2]), int(match[3]))
    for match in _QUOTIENT.finditer(text):
        over, under = (Fraction(_GROUPING.sub("", group)) for group in match.groups() if group)
        if under:
            yield over / under
    for match in _NUMBER.finditer(text):
        yield Fraction(_GROUPING.sub("", match[0]))


def _sides(text: str) -> set[str]:
    """What stands beside equals signs, and each formula: where a value may stand unevaluated."""
    found = {side for line in text.splitlines() if "=" in line for side in _SIDE.split(line)}
    found |= {formula.strip("$") for formula in _FORMULA.findall(text)}
    return {side.strip(" .,;:()*") for side in found if len(side) <= MAX_ANSWER_CHARS}


def _spoken(text: str) -> str:
    """A text as words, with single blanks."""
    return " ".join(text.lower().split())


def _squeezed(text: str) -> str:
    """A text in the one writing that answers are compared in, without blanks and signs."""
    return re.sub(r"[\s$]|\\text|[{}]", "", plain(tidy(text))).lower()


def _stands_in(wanted: str, text: str) -> bool:
    """Whether it stands there by itself, not within a longer word or number."""
    if not wanted:
        return False
    before = r"(?<![a-z0-9])" if wanted[0].isalnum() else ""
    after = r"(?![a-z0-9])" if wanted[-1].isalnum() else ""
    return re.search(before + re.escape(wanted) + after, text) is not None
