r"""One way of writing for answers that mean the same: LaTeX, currency, units, blanks.

Policy on units. A unit after a number decides nothing: numbers do, because the problem names
the unit. So ``18 dollars``, ``\$18`` and ``18`` are one answer, and so are ``5\text{ cm}`` and
``5``. A unit is a ``\text{...}`` or up to four words at the end, right after a digit, a closing
bracket or ``\pi``. Single letters (``5x``), number words (``5 million``), what is done to a number
(``5 squared``), conditions (``5 if``) and the hours of the day (``5 p.m.``) are no units. Degree
signs are dropped, but those of a function's angle, which is put in radians; percent signs stay, and
`numbers` weighs them.

Policy on words. Words of four letters are words; shorter ones are if no one would write a product
so: with an o (``no``), a vowel between consonants (``yes``) or, of three letters, a capital first
(``Ann``). Capitals side by side (``ACF``) are letters, of points or of a list, and their order is
no matter.
"""

import re

MAX_ANSWER_CHARS = 1_000
"""Longer answers are compared as text only."""

_CHARACTERS = str.maketrans(
    {
        "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": r"\times ",
        "\N{MIDDLE DOT}": r"\cdot ", "\N{DOT OPERATOR}": r"\cdot ", "\N{DIVISION SIGN}": "/",
        "\N{FRACTION SLASH}": "/", "\N{SQUARE ROOT}": r"\sqrt ", "\N{INFINITY}": r"\infty ",
        "\N{GREEK SMALL LETTER PI}": r"\pi ", "\N{UNION}": r"\cup ", "\N{DEGREE SIGN}": r"^{\circ}",
        "\N{LESS-THAN OR EQUAL TO}": r"\le ", "\N{GREATER-THAN OR EQUAL TO}": r"\ge ",
        "\N{SUPERSCRIPT TWO}": "^2", "\N{SUPERSCRIPT THREE}": "^3", "\N{FULLWIDTH COMMA}": ",",
        "\N{NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{PLUS-MINUS SIGN}": r"\pm ",
        "\N{EURO SIGN}": "", "\N{POUND SIGN}": "", "\N{YEN SIGN}": "",
    }
)  # fmt: skip
_DEGREES = r"\^\s*(?:\\circ|\{\s*\\circ\s*\})"
_TRIGONOMETRIC = r"\\(?:sin|cos|tan|cot|sec|csc)(?:\s?\^\s?\{?\d\}?)?"
_ANGLE = r"-?\d+(?:\.\d+)?"
_REWRITES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        (r"\\?\$|(?<!\\)\\[()\[\]]", ""),  # formula signs and dollars
        (r",\s*\\!\s*(?=\d)", ","),
        (r"\\!|\\(?:left|right|displaystyle)(?![A-Za-z])|\\[bB]igg?[lr]?(?![A-Za-z])", ""),
        (r"(?<!\\)\\[,;:> ]|\\q?quad(?![A-Za-z])|~", " "),
        (r"\{,\}", ","),
        (
            rf"({_TRIGONOMETRIC})\s*(?:\(\s*({_ANGLE})\s*{_DEGREES}\s*\)|({_ANGLE})\s*{_DEGREES})",
            r"\1(\2\3\\cdot\\frac{\\pi}{180})",
        ),
        (rf"{_DEGREES}|\\degrees?(?![A-Za-z])", ""),
        (r"\s*\\text\s*\{\s*(?:\\?%|per ?cent)\s*\}|\\%|\s*\bper ?cent\b", "%"),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\frac\s*(\d|\\pi(?![a-z])|(?<=\s)[a-z])", r"\\frac{\1}"),
        (r"\\frac\s*(\{[^{}]*\})\s*(\d|\\pi(?![a-z])|[a-z])", r"\\frac\1{\2}"),
        (r"^\s*\\approx(?![A-Za-z])", ""),
    ]
]
_NOT_A_UNIT = (
    r"(?!(?i:hundred|thousand|[mbtr]+illion|dozen|half|and|or|to|plus|minus|times|over|mod|pi|"
    r"less|more|than|if|is|not|when|infinity|sqrt|squared|cubed|factorial|below|above|[ap]\.?m)\b)"
)
_AFTER_NUMBER = r"(?:(?<=[\d)}\]%])|(?<=\\pi)|(?<=\\pi\s))"
_SQUARED = r"(?:\s?\^\s?\{?[23]\}?)?$"
_SHORT_UNITS = r"(?:cm|mm|km|ft|kg|mg|ml|mL|lb|oz|mph|hr|in|yd|m\s?/\s?s)"
_TEXT_UNIT = re.compile(
    rf"{_AFTER_NUMBER}\s*\\(?:text|textnormal|mbox|mathrm|rm)\s*"
    rf"\{{\s*+{_NOT_A_UNIT}(?![ie]\s*\}})[A-Za-z/ .-]+\}}{_SQUARED}"
)
_WORD_UNIT = re.compile(
    rf"{_AFTER_NUMBER}(?:\s+{_NOT_A_UNIT}(?:[A-Za-z]{{3,}}|{_SHORT_UNITS})|{_SHORT_UNITS})"
    rf"(?:(?:\s+|\s?/\s?|-)[A-Za-z]+){{0,3}}{_SQUARED}"
)
_UNWRAP = re.compile(
    r"\\(?:text|textnormal|mbox|mathrm|rm|textrm|textbf|mathbf|textit|mathit)\s*\{([^{}]*)\}"
)
_PLAIN_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?")
_EDGES = " \t\n*`_"
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
_SIGNED_POWER = re.compile(r"\^ ?(- ?(?:\d+(?:\.\d+)?|[A-Za-z]))")
_LOG_BASE = re.compile(r"\\log ?_ ?(\w)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORD = re.compile(r"[A-Za-z]{4,}|\b[ap]\.?m\b", re.IGNORECASE)


def tidy(answer: str) -> str:
    """The answer without decoration and units, with single blanks; readable, same meaning."""
    if _PLAIN_NUMBER.fullmatch(answer):
        return answer
    text = answer.translate(_CHARACTERS)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    text = _TEXT_UNIT.sub("", text.strip(_EDGES).rstrip(".,;: "))
    text = " ".join(_UNWRAP.sub(r" \1 ", text).split()).strip(_EDGES).rstrip(".,;: ")
    text = _WORD_UNIT.sub("", text)
    while text[:1] == "{" and text[-1:] == "}" and "{" not in text[1:] and "}" not in text[:-1]:
        text = text[1:-1].strip()
    return drop_thousands_commas(text)


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
    text = _DISPENSABLE_BLANK.sub(r"\1", tidied)
    text = _SINGLE_IN_BRACES.sub(r"\1\2", text)
    if match := re.fullmatch(r"\(([A-Za-z])\)", text):
        return match[1]
    return _HOUR.sub(r"\1m", text.lower()) if is_wordy(text) else text
