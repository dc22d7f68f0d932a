r"""Whether a text states an answer, in any notation, so that a hint is safe without being read.

A text states the answer if it contains a number of the same value (``1,200``, ``1.2e3`` or
``1.2 thousand`` for 1200, ``3/4``, ``\frac{3}{4}`` or ``75\%`` for 0.75, ``twelve`` or ``a dozen``
for 12), the same words, or, beside an equals sign or as a formula, an expression of the same value.
For a list, it must contain all elements. It makes no difference whether the problem contains the
number too. For a choice, it states the answer if it names the letter as an answer or contains the
right option, except in a line that lists all options.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction

from stages.grading.choice import LETTERS, find_choice, letter_of
from stages.grading.mathematics.answers import find_answer
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, match_key, tidy
from stages.grading.mathematics.numbers import Number, are_equal, read_number
from stages.grading.mathematics.plain_equality import are_same, as_list

_DIGITS = r"\d+(?:(?:,|\{,\}|\\!,?|,\\!)\d{3}(?!\d))*(?:\.\d+)?|(?<![A-Za-z.])\.\d+"
_ENDLESS = re.compile(rf"\d{{{MAX_ANSWER_CHARS},}}")
"""Digits too many for an answer, which would take very long to read."""
_GROUPING = re.compile(r",|\{,\}|\\!|\\[, ]|[ ']")
_NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})"
    r"(?:\s*(?:\\times|\\cdot|×|\*|x)\s*10\s*\^\s*\{?(?P<power>-?\d{1,2})\}?"
    r"|[eE](?P<exponent>[+-]?\d{1,2})(?!\d))?"
    r"(?:[\s-]*(?P<scale>hundred|thousand|million|billion|dozen)\b)?"
    r"(?P<percent>\s*(?:\\?%|percent\b|per cent\b))?",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(?<![\d.])\d{1,3}(?:(?: |\\,|\\ |')\d{3})+(?!\d)")
_QUOTIENT = re.compile(
    rf"\\[dtc]?frac\s*(?:\{{\s*({_DIGITS})\s*\}}|(\d))\s*(?:\{{\s*({_DIGITS})\s*\}}|(\d))"
    rf"|({_DIGITS})\s*(?:/|\\div)\s*({_DIGITS})"
)
_MIXED = re.compile(
    r"(\d+)\s*\\[dtc]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}|(\d+)[\s-]+(\d+)\s*/\s*(\d+)"
)
_QUANTITY = re.compile(rf"(?:[A-Za-z]{{1,4}}\.?|[$€£₹])\s*({_DIGITS})")
_SIDE = re.compile(r"[=$]|\bequals\b|[.,;:](?=\s|$)|\\(?:implies|Rightarrow|approx|boxed)(?![a-z])")
_FORMULA = re.compile(r"\$[^$]+\$|\\\((?:(?!\\\)).)+\\\)|\\\[(?:(?!\\\]).)+\\\]", re.DOTALL)

_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"]
_TEENS += ["seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORDS = (
    {"zero": Fraction(0), "half": Fraction(1, 2)}
    | {word: Fraction(n) for n, word in enumerate([*_UNITS, *_TEENS], 1)}
    | {word: Fraction(10 * n) for n, word in enumerate(_TENS, 2)}
    | {word: Fraction(n) for word, n in _SCALES.items()}
)
_WORD = re.compile(
    rf"\b(?:({'|'.join(_TENS)})[\s-]({'|'.join(_UNITS)})|({'|'.join(_WORDS)}))\b"
    rf"(?:[\s-]({'|'.join(_SCALES)})\b)?",
    re.IGNORECASE,
)


def states_answer(text: str, answer: str, options: Sequence[str] = ()) -> bool:
    """Whether the text states the answer: the letter of an option, or a value."""
    text = _ENDLESS.sub("…", unicodedata.normalize("NFKC", text))
    letter = _letter(answer, options)
    if letter is None:
        return _states_value(text, answer)
    right = options[LETTERS.index(letter)]
    return _names_letter(text, letter) or any(
        _states_value(line, right)
        and not (len(options) > 2 and all(_states_value(line, o) for o in options))
        for line in text.splitlines()
    )


def ends_in_answer(text: str, answer: str, options: Sequence[str] = ()) -> bool:
    """Whether the text ends in the answer as a solution does, so that a grader could find it."""
    if letter := _letter(answer, options):
        return letter_of(find_choice(text) or "") == letter
    given = find_answer(text)
    return given is not None and bool(are_same(answer, given))


def numbers(text: str) -> Iterator[Number]:
    """Yields every number and quotient of numbers in a text, in every reading, without signs."""
    for match in _MIXED.finditer(text):
        whole, numerator, denominator = (int(group) for group in match.groups() if group)
        if denominator:
            yield Number(whole + Fraction(numerator, denominator), False, 0)
    for match in _QUOTIENT.finditer(text):
        over, under = (_fraction(group) for group in match.groups() if group)
        if under:
            yield Number(over / under, False, 0)
    for match in _NUMBER.finditer(text):
        yield from _readings(match)
    for match in _SPACED.finditer(text):
        yield Number(_fraction(match[0]), False, 0)
    for tens, units, word, scale in _WORD.findall(text.lower()):
        value = _WORDS[tens] + _WORDS[units] if tens else _WORDS[word]
        yield Number(value * _SCALES.get(scale, 1), False, 0)


def _letter(answer: str, options: Sequence[str]) -> str | None:
    """The letter of the option that the answer names; None if it names none."""
    letter = answer.strip("(). ").upper()
    return letter if len(letter) == 1 and letter in LETTERS[: len(options)] else None


def _names_letter(text: str, letter: str) -> bool:
    """Whether the letter is named: as a choice, in brackets, after a word for it, ending a line."""
    if letter_of(find_choice(text) or "") == letter:
        return True
    naming = rf"\({letter}\)|(?i:\b(?:option|choice|answer|ans))\W{{0,4}}{letter}\b"
    return bool(re.search(rf"{naming}|(?m:(?:^|[\s:=-]){letter}[\s.)*]*$)", text))


def _states_value(text: str, answer: str) -> bool:
    """Whether the text contains a value equal to the answer."""
    if len(answer) > MAX_ANSWER_CHARS:
        return answer in text
    elements = as_list(tidy(answer))
    if elements and all(_states_value(text, element) for element in elements[1]):
        return True
    answer = answer.rpartition("=")[2]
    answer_number = _number(answer)
    if answer_number and any(are_equal(answer_number, number) for number in numbers(text)):
        return True
    if not answer_number:
        for writing in (_as_words, _as_notation):
            if _occurs_in(writing(answer), writing(text)):
                return True
    return any(are_same(answer, side) for side in _sides(text))


def _number(answer: str) -> Number | None:
    """The answer as a number, without sign, currency or short word before it; else None."""
    tidied = tidy(answer)
    quantity = _QUANTITY.fullmatch(tidied)
    number = read_number(quantity[1] if quantity else tidied)
    return number._replace(value=abs(number.value)) if number else None


def _readings(match: re.Match[str]) -> Iterator[Number]:
    """Yields a number as written, and with the power of ten or scale word that follows it."""
    value, is_percent = _fraction(match["digits"]), bool(match["percent"])
    yield Number(value, is_percent, len(match["digits"].partition(".")[2]))
    power = match["power"] or match["exponent"]
    if power or match["scale"]:
        scale = _SCALES[match["scale"].lower()] if match["scale"] else 1
        yield Number(value * scale * Fraction(10) ** int(power or 0), is_percent, 0)


def _fraction(digits: str) -> Fraction:
    return Fraction(_GROUPING.sub("", digits))


def _sides(text: str) -> set[str]:
    """The texts beside equals signs, and each formula: a value may be unevaluated there."""
    lines = [line for line in text.splitlines() if "=" in line or "equals" in line]
    sides = {side for line in lines for side in _SIDE.split(line)}
    sides |= {re.sub(r"^(?:\$|\\[(\[])|(?:\$|\\[)\]])$", "", f) for f in _FORMULA.findall(text)}
    return {side.strip(" .,;:()*") for side in sides if len(side) <= MAX_ANSWER_CHARS}


def _as_words(text: str) -> str:
    """A text in lower case, with single blanks between words."""
    return " ".join(text.lower().split())


def _as_notation(text: str) -> str:
    """A text in the notation in which answers are compared, without blanks beside signs."""
    ratio = re.sub(r"(?<=\d) to (?=\d)", ":", text)
    bare = re.sub(r"[$]|\\text|[{}]", "", match_key(tidy(ratio))).lower()
    return re.sub(r"(?<=[^\w\s])\s+|\s+(?=[^\w\s])", "", bare)


def _occurs_in(phrase: str, text: str) -> bool:
    """Whether the phrase occurs by itself, not within a longer word or number."""
    if not phrase:
        return False
    before = r"(?<![a-z0-9])" if phrase[0].isalnum() else ""
    after = r"(?![a-z0-9])" if phrase[-1].isalnum() else ""
    return re.search(before + re.escape(phrase) + after, text) is not None
