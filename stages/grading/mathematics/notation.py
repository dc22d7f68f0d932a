r"""One way of writing for answers that mean the same: LaTeX, currency, units, blanks.

Policy on units. A unit after a number decides nothing: numbers do, because the problem names
the unit. So ``18 dollars``, ``\$18`` and ``18`` are one answer, and so are ``5\text{ cm}`` and
``5`` (see `units`). Degree signs are dropped, but those of a function's angle, which is put in
radians; percent signs stay, and `numbers` weighs them.

Policy on words. Words of four letters are words; shorter ones are if no one would write a product
so: with an o (``no``), a vowel between consonants (``yes``) or, of three letters, a capital first
(``Ann``). Capitals side by side (``ACF``) are letters, of points or of a list, and their order is
no matter. Words that introduce the answer (``the answer is``, ``=``) are no part of it, and there
is one name for no solutions and one for all real numbers.
"""

import re
from functools import lru_cache

from stages.grading.mathematics.characters import as_latex
from stages.grading.mathematics.latex_forms import plain_latex
from stages.grading.mathematics.units import drop_marks, drop_text_unit, drop_word_unit

MAX_ANSWER_CHARS = 1_000
"""Longer answers are compared as text only."""

_PERCENT = re.compile(
    r"(?<=[\d)}])\s*"
    r"(?:per ?cent|pct\.?|Prozent|por ?ciento|pour ?cent|процент\w*|パーセント|퍼센트)(?!\w)"
)
_PERCENT_SPELT = re.compile("cent|pct|zent|cient|процент|パーセント|퍼센트|百分|asilimia")
_PERCENT_BEFORE = re.compile(r"^\s*(?:百分之|asilimia)\s*(?=\d)(.*)$")
_PYTHON_POWER = re.compile(r"(?<=[\w)])(?:\*\*| \*\* )(?:(-?\d+(?:\.\d+)?)(?![\w.])|(?=[\w(.-]))")
_REPEATED = re.compile(r"(?<!\d)(\d+\.\d*?)(\d{1,6}?)\2+\s?\.\.\.$|(?<=\d)(\.\d*)\((\d{1,9})\)$")
_LEADING = re.compile(
    r"^(?:\s|[=第約约]|\\(?:approx|therefore|Rightarrow|implies|equiv|sim)(?![A-Za-z])"
    r"|(?i:(?:(?:so|thus|hence|therefore),? )?(?:the )?(?:(?:final|correct|required) )?"
    r"(?:answer|result|solution|total)s?(?: ?(?:is|are|equals)\b(?! (?:not|no)\b)| ?[:=])))+(?=.)"
)
_NO_SOLUTION = re.compile(
    r"(?i)(?:x ?\\in ?)?(?:\\emptyset|\\\{ ?\\\}|(?:the )?empty ?set|(?:there (?:is|are) )?no "
    r"(?:real |integer |such )?solutions?(?: exists?)?)"
)
_ALL_REALS = re.compile(
    r"(?i)(?:x ?\\in ?)?"
    r"(?:\\mathbb ?\{ ?R ?\}|(?:the set of )?(?:all|any) (?:the )?reals?(?: numbers?)?)"
)
_UNWRAP = re.compile(
    r"\\(?:text|textnormal|mbox|mathrm|rm|textrm|textbf|mathbf|textit|mathit|boldsymbol|bm)"
    r"\s*\{([^{}]*)\}"
)
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_MORE_THAN_A_NUMBER = re.compile(r"[^0-9$,./ +-]|(?<!\d),|,(?!\d)|  |\.\.")
_EDGES, _TRAILING = " \t\n*`_", ".,;: "
_NAMES = re.compile(
    r"sqrt|frac|(?:arc)?(?:sin|cos|tan)h?|alpha|beta|gamma|delta|epsilon|zeta|theta|iota|kappa|"
    r"lambda|sigma|omega|infinity|infty|binom|floor|ceil|times|cdot",
    re.IGNORECASE,
)
_NOT_WORDS = re.compile(r"\\(?:begin|end)\s*\{\w+\*?\}|\\operatorname\*?\s*\{[^{}]*\}|\\[A-Za-z]+")
_DISPENSABLE_BLANK = re.compile(r"(\d, )(?=\d{3}(?!\d))|(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")
_SINGLE_IN_BRACES = re.compile(r"(\^|_|\\sqrt)\{([0-9A-Za-z])\}")
_HOUR = re.compile(r"(?<=\d) ?([ap])\.?m\b", re.IGNORECASE)
_BARE_NAME = re.compile(
    r"(?<![\\A-Za-z])((?:arc)?(?:sin|cos|tan)h?|cot|sec|csc|log|ln|exp|sqrt|pi|alpha|beta|gamma|"
    r"theta|lambda|mu|sigma|phi|omega)(?![A-Za-z])"
)
_BARE_INFINITY = re.compile(r"(?<![\\A-Za-z])(?:infinity|oo)(?![A-Za-z])")
_BARE_ROOT = re.compile(r"\\sqrt \(([^()]*)\)")
_SHORT_WORD = re.compile(
    r"(?=.*[aeiouAEIOU])(?=.*[^aeiouAEIOU])"
    r"(?:[A-Z][a-z]{2}|(?=.*[oO])[A-Za-z][a-z]{1,2}|[^aeiouA-Z\W\d_][aeiou][^aeiouA-Z\W\d_])"
)
_MIXED = re.compile(r"(?<![\d.^_)}])(?<![\d.^_)}] )(\d+) ?(\\frac\{(\d+)\}\{(\d+)\})")
_SIGNED_POWER = re.compile(r"\^ ?(- ?(?:\d+(?:\.\d+)?|[A-Za-z])|\d*\.?\d{2,}|\.\d|\d\.\d)")
_LOG_BASE = re.compile(r"\\log ?_ ?(\w)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORD = re.compile(r"[A-Za-z]{4,}|\b[ap]\.?m\b", re.IGNORECASE)


@lru_cache(maxsize=32)  # of an answer several steps ask, and of a reference all its answers
def tidy(answer: str) -> str:
    """The answer without decoration and units, with single blanks; readable, same meaning."""
    if _PLAIN_NUMBER.fullmatch(answer):
        return answer
    if not _MORE_THAN_A_NUMBER.search(answer):
        return drop_thousands_commas(answer.replace("$", "").strip(_EDGES).rstrip(_TRAILING))
    text = plain_latex(drop_marks(as_latex(answer)))
    text = text.replace("$", "").replace("~", " ").replace("{,}", ",")
    if _PERCENT_SPELT.search(text):
        text = _PERCENT.sub("%", _PERCENT_BEFORE.sub(r"\1%", text))
    text = text.strip(_EDGES)
    if text[-3:] == "..." or text[-1:] == ")":
        text = _REPEATED.sub(_as_period, text)
    text = unwrap(drop_text_unit(text.rstrip(_TRAILING))).strip(_EDGES)
    text = _LEADING.sub("", text.rstrip(_TRAILING))
    text = _PYTHON_POWER.sub(_as_latex_power, text) if "**" in text else text
    text = drop_word_unit(text.strip(_EDGES))
    while text[:1] == "{" and text[-1:] == "}" and "{" not in text[1:] and "}" not in text[:-1]:
        text = text[1:-1].strip()
    return _name_set(drop_thousands_commas(text))


def unwrap(text: str) -> str:
    r"""The text without ``\text`` and other commands for type, with single blanks."""
    return " ".join((_UNWRAP.sub(r" \1 ", text) if "\\" in text else text).split())


def _as_period(decimal: re.Match[str]) -> str:
    leading, period = (decimal[1], decimal[2]) if decimal[2] else (decimal[3], decimal[4])
    return rf"{leading}\overline{{{period}}}"


def _as_latex_power(power: re.Match[str]) -> str:
    return f"^{{{power[1]}}}" if power[1] else "^"


def _name_set(tidied: str) -> str:
    if _NO_SOLUTION.fullmatch(tidied):
        return r"\emptyset"
    return r"\mathbb{R}" if _ALL_REALS.fullmatch(tidied) else tidied


def drop_thousands_commas(tidied: str) -> str:
    """The answer without the commas of thousands, if every comma is one and none makes a tuple."""
    if "," not in tidied or "(" in tidied or "[" in tidied or r"\{" in tidied:
        return tidied
    text = _THOUSANDS.sub("", tidied)
    return tidied if "," in text else text


def to_latex(tidied: str) -> str:
    """A tidied answer in LaTeX: names of functions and letters, mixed numbers as sums."""
    text = _BARE_INFINITY.sub(r"\\infty ", _BARE_NAME.sub(r"\\\1 ", tidied))
    text = _LOG_BASE.sub(r"\\log_{\1}", _SIGNED_POWER.sub(r"^{\1}", text))
    return _BARE_ROOT.sub(r"\\sqrt{\1}", _MIXED.sub(_as_sum, text))


def _as_sum(mixed: re.Match[str]) -> str:
    whole, fraction, over, under = mixed.groups()
    return f"({whole}+{fraction})" if 0 < int(over) < int(under) else mixed[0]


def is_wordy(tidied: str) -> bool:
    """Whether a tidied answer holds words, which no algebra may take for products of letters."""
    if len(tidied) < 4:
        return bool(_SHORT_WORD.fullmatch(tidied) and not _NAMES.fullmatch(tidied))
    return any(not _NAMES.fullmatch(w) for w in _WORD.findall(_NOT_WORDS.sub(" ", tidied)))


def is_prose(tidied: str) -> bool:
    """Whether a tidied answer is several words, not one. An hour of the day is not words."""
    return " " in tidied and is_wordy(_HOUR.sub("", tidied))


def match_key(tidied: str) -> str:
    """The key under which equal texts are equal answers: no blanks, words in lower case.

    A blank between two letters or digits stays, so that "1 1" is not "11", and so does one
    that keeps "1, 000" from being "1,000".
    """
    if tidied.isascii() and tidied.isdigit():
        return tidied
    text = _DISPENSABLE_BLANK.sub(r"\1", tidied)
    text = _SINGLE_IN_BRACES.sub(r"\1\2", text)
    if match := re.fullmatch(r"\(([A-Za-z])\)", text):
        return match[1]
    return _HOUR.sub(r"\1m", text.lower()) if is_wordy(text) else text
