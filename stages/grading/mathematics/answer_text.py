"""What an answer looks like at the start of a text, and whether it is one or prose."""

import re

from stages.grading.mathematics import phrases
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, is_prose, tidy

_SENTENCE_END = re.compile(
    r"[.;](?=\s|$)|,\snot\b|,?\s(?:because|since|as|which|so|where)\b|,\s(?:I|I'm|we|it|this)\b"
)
_ANOTHER = re.compile(r"\s*(?:,|,?\s(?:and|or)\b)\s*(?=\$|\\[(\[])")
_ENDED = re.compile(r"\s*(?:[.,;:*]|respectively\b|$)")
SUBSTANCE = re.compile(r"\d|[\\$]|^\W*[A-Za-z]\W*$")
CHAIN = re.compile(r"(?:=|\\equiv)[^,;]*(?:=|\\equiv)")
_WORDS_AS_FORMULA = re.compile(r"\$?\\(?:text|textbf|textrm|mbox)\s*\{[^{}]*\}\$?\.?")
CALCULATION = re.compile(r"[^A-Za-z\\]*=")


_SENTENCE_AROUND = re.compile(r"[A-Za-z]+(?:'s)?\s[a-z]{2,}\s[^\d\n]*\d")
"""Short words before a number: "She has 42", which no algebra may read as a product."""
LEFT_OF_VALUE = re.compile(r"^(?:=|\\approx(?![A-Za-z])|≈)\s*(?=\S)")
_GOES_ON = re.compile(
    r"\s+(?:[A-Z(–—-]|(?:because|since|which|as|so|is|for|where|this|that|in)\b)|\s?[,;]\s"
)


def first_sentence(text: str) -> str:
    """The answer at the start of the text after "the answer is"."""
    formulas = _leading_formulas(text)
    if formulas and not any(map(reads_as_prose, formulas)):
        return ", ".join(formulas)
    return _SENTENCE_END.split(text, maxsplit=1)[0].strip()


def _leading_formulas(text: str) -> list[str]:
    """The first formula, or several that fill the sentence but for commas, "and" and "or"."""
    formulas: list[str] = []
    position = 0
    while formula := phrases.LEADING_FORMULA.match(text, position):
        formulas.append(next(group for group in formula.groups() if group).strip())
        another = _ANOTHER.match(text, formula.end())
        if not another:
            return formulas if _ENDED.match(text, formula.end()) else formulas[:1]
        position = another.end()
    return formulas[:1]


def unquote(answer: str) -> str:
    """The answer without a pair of quotation marks around it."""
    for pair in ("“”", "‘’", '""', "''", "«»", "``"):
        if len(answer) > 2 and answer[0] == pair[0] and answer[-1] == pair[1]:
            return answer[1:-1].strip()
    return answer


def reads_as_prose(answer: str) -> bool:
    """Whether it is several words, which state no answer, or a number among foreign words."""
    if _WORDS_AS_FORMULA.fullmatch(answer):
        return False
    if len(answer) > MAX_ANSWER_CHARS:
        return False
    if not answer[:1].isdigit() and phrases.has_foreign_words(answer):
        return True
    return _SENTENCE_AROUND.match(answer) is not None or is_prose(tidy(answer))


def value_before_words(line: str) -> str:
    """The value with which a line begins, if it goes on in words; else the line."""
    if len(line) <= MAX_ANSWER_CHARS and not reads_as_prose(line):
        return line
    value = phrases.LEADING_AMOUNT.match(line) or phrases.LEADING_FORMULA.match(line)
    if value is None:
        return line
    rest = line[value.end() :]
    is_sentence = rest.startswith(". ") and line.endswith((".", "!"))
    if not (is_sentence or _GOES_ON.match(rest)):
        return line
    return str(next(filter(None, value.groups()))).strip()
