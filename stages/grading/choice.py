"""Choices: an answer counts by its letter or by the value of an option.

Policy. A letter is one that stands first in the stated answer, alone or before a bracket, a dot
or a colon ("B", "(b)", "B) 42", "option B"), or a capital before a blank or a comma ("C, not A")
that begins no formula ("A = 30") and no word of the text ("a circle"); or last in brackets ("30
(C)"). "C is the answer" states C. What follows a letter decides nothing: who states "B) 17" where
B is 42 has chosen B. A letter beyond the options is wrong. An answer without a letter counts by
its value, compared with each option as mathematics is (units are no matter) or, where an option
is words, as words. It is right if it equals the reference's option and no other.
"""

import re

from stages.grading.mathematics import answers, plain_equality, symbolic
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, match_key, tidy
from stages.grading.reference import Reference, Verdict

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER = re.compile(
    r"(?:\W|\\text\s*+\{)*(?i:(?:the\s++)?(?:option|choice|answer)\s*+(?:is\s++)?:?\s*+)?(?:"
    r"[({\[]\s*+(?:\\text\s*+\{\s*+)?([A-Za-z])\s*+\}?\s*+[)}\]]|([A-Za-z])\s*+[).:\]}]"
    r"|([A-Z])(?=[\s,;]|$)(?!\s*+[-+]?[=<>+*/^\\])|([a-z])$)"
)
_LAST = re.compile(r"\s\(([A-Z])\)\W*+$")
_STATED = re.compile(
    r"(?i:answer|option|choice)s?\b[\s*:]*+(?:is|are|=)?[\s*:]*+(?:option|choice)?[\s*]*+"
    r"(?=\(?[A-Za-z]\)(?![A-Za-z])|\(?[A-Z]\)?(?:[\s.,;:*]|$))()"
    r"|(?<![\w$\\])()\(?[A-Z]\)? is the (?:correct |right |best )?(?:answer|option|choice)\b"
)


def find_choice(completion: str) -> str | None:
    """The last choice stated, from its letter if it has one; else the answer found as for math."""
    stated = answers.find_answer(completion)
    if stated is not None and letter_of(stated):
        return stated
    positions = [match.start(match.lastindex or 0) for match in _STATED.finditer(completion)]
    if not positions:
        return stated
    return completion[positions[-1] : positions[-1] + MAX_ANSWER_CHARS].partition("\n")[0].strip()


def letter_of(answer: str) -> str | None:
    """The letter that an answer begins with, upper case; None if it begins with none."""
    text = answer[:MAX_ANSWER_CHARS]
    tidied = tidy(text)
    match = _LETTER.match(tidied) or _LETTER.match(text) or _LAST.search(tidied)
    return next(filter(None, match.groups())).upper() if match else None


def decide(reference: Reference, answer: str) -> Verdict | None:
    """The verdict if a letter or plain values decide; None if algebra is needed."""
    extracted = answer[:MAX_ANSWER_CHARS]
    right = letter_of(reference.answer)
    if right is None or (reference.options and LETTERS.index(right) >= len(reference.options)):
        return Verdict("error", extracted, "the reference is no letter of an option")
    given, is_long = letter_of(answer), len(answer) > MAX_ANSWER_CHARS
    if given and (is_long or not _is_value(answer, reference.options)):
        return Verdict("correct" if given == right else "wrong", extracted, "letter")
    if not reference.options:
        return Verdict("unparseable", extracted, "no letter, and no options to compare with")
    if is_long:
        return Verdict(
            "unparseable", extracted, f"answer longer than {MAX_ANSWER_CHARS} characters"
        )
    same = [_matches_option(option, answer) for option in reference.options]
    if None in same:
        return None
    return _value_verdict(reference, extracted, [bool(each) for each in same])


def compare(reference: Reference, answer: str) -> Verdict:
    """The verdict on the value of an answer, by algebra."""
    same = [
        _matches_option(option, answer) or symbolic.compare(option, answer).outcome == "correct"
        for option in reference.options
    ]
    return _value_verdict(reference, answer[:MAX_ANSWER_CHARS], same)


def _is_value(answer: str, options: tuple[str, ...]) -> bool:
    """Whether the whole answer is the text of an option, such as "C" among variables."""
    return any(match_key(tidy(answer)) == match_key(tidy(option)) for option in options)


def _matches_option(option: str, answer: str) -> bool | None:
    if match_key(tidy(option)) == match_key(tidy(answer)):
        return True
    return plain_equality.are_same(option, answer)


def _value_verdict(reference: Reference, extracted: str, same: list[bool]) -> Verdict:
    right = LETTERS.index(letter_of(reference.answer) or "A")
    alone = same[right] and sum(same) == 1
    return Verdict("correct" if alone else "wrong", extracted, "value")
