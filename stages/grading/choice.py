"""Choices: an answer counts by its letter or by the value of an option.

Policy. A letter is one that stands first in the stated answer, alone or before a bracket, a dot
or a colon ("B", "(b)", "B) 42", "option B"), in quotes, bars or angle brackets, or a capital before
a blank, a comma or another sign that ends it ("C, not A", "B!", "B / 42") and that begins no
formula ("A = 30") and no word of the text ("a circle"); or last in brackets ("30 (C)"). "C is the
answer", "C is correct", "I choose C" and the same in other languages state C; so does a last line
that is a letter alone, or "Hence (C)". What follows a letter decides nothing: who states "B) 17"
where B is 42 has chosen B. A letter beyond the options is wrong. An answer without a letter counts
by its value, compared with each option as mathematics is (units are no matter) or, where an option
is words, as words. It is right if it equals the reference's option and no other.

Without any statement, `find_last_choice` takes the last letter in brackets, else the last capital
that stands alone, else the last value.
"""

import re

from stages.grading.mathematics import answers, plain_equality, symbolic
from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, match_key, tidy
from stages.grading.mathematics.phrases import in_ascii_signs
from stages.grading.own_text import own_text
from stages.grading.reference import Reference, Verdict
from stages.grading.thinking import end_of_thinking

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER = re.compile(
    r"(?:\W|\\text\s*+\{)*(?i:(?:the\s++)?(?:option|choice|answer|ans)\s*+(?:is\s++)?[:.]?\s*+)?(?:"
    r"[({\[]\s*+(?:\\text\s*+\{\s*+)?([A-Za-z])\s*+\}?\s*+[)}\]]|([A-Za-z])\s*+[).:\]}]"
    r"|([A-Z])(?=[\s,;]|$)(?!\s*+[-+]?[=<>+*/^\\])|([A-Z])(?=[!?>|\"'’”»、…\u3040-\ud7af]|\s[/|]\s)|([a-z])$)"
)
_LAST = re.compile(r"\s\(([A-Z])\)\W*+$")
_ENDS = (
    r"(?=\(?[A-Za-z]\)(?![A-Za-z])"
    r"|[\"'“‘<|]?\(?[A-Z]\)?(?:[\s.,;:*!?\"'>|、]|[^\x00-\x7f]|$))"
)
"""What begins with a letter that stands alone."""
_STATED = re.compile(
    r"(?i:answer|option|choice|ans|correct)s?\b[\s*:.]*+(?:is|are|=|must be|should be)?[\s*:]*+"
    rf"(?i:option|choice)?[\s*]*+{_ENDS}()"
    r"|(?<![\w$\\])()\(?[A-Z]\)? is (?:the )?(?:correct|right|best|answer|option|choice|true)\b"
    r"|(?i:\b(?:I|we|you)(?: would|'d|'ll| will| can| should| must)? "
    rf"(?:choose|pick|select|go with)(?: the)?(?: option| choice| answer)?)[\s*:]*+{_ENDS}()"
    r"|(?:故选|应选|應選|选择|選擇|选项|應該選|应该选|选|選|答案|正解|答え)(?:是|为|為|は)?[\s:*]*+"
    rf"{_ENDS}()"
)
_LONE = re.compile(
    r"(?:(?i:therefore|hence|thus|so|then)[, :]*|∴|=>|⇒|→|->|[#>*_\s]|(?i:option|choice)\s)*+"
    r"(\(?[A-Z]\)?)[\s.*_!]*"
)
_IN_BRACKETS = re.compile(r"\(([A-Z])\)")
_ALONE = re.compile(
    r"(?<![\w$\\{^+=<>/*'’.-])([B-Z]|A(?!\s[a-z]))(?![\w$}^+=<>/*'’-])(?!\s*[=<>+*/^])"
)
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mbox|mathrm)\s*\{([^{}]*)\}")


def find_choice(completion: str) -> str | None:
    """The last choice stated, from its letter if it has one; else the answer found as for math."""
    return _find_stated(own_text(in_ascii_signs(completion), _is_answered))


def find_last_choice(completion: str) -> str | None:
    """The last letter of an option, else the last value; None if there is neither."""
    text = own_text(in_ascii_signs(completion), _is_answered)
    own = text[end_of_thinking(text) :] or text
    letters = _IN_BRACKETS.findall(own) or _ALONE.findall(own)
    return letters[-1] if letters else answers.find_last_value(own)


def is_answered(text: str) -> bool:
    """Whether a text that ends here has stated its choice, so that what follows is another's."""
    return _is_answered(in_ascii_signs(text))


def _is_answered(text: str) -> bool:
    return _find_stated(text) is not None


def _find_stated(text: str) -> str | None:
    own = text[end_of_thinking(text) :]
    own = own if own.strip() else text
    stated = answers.find_answer(own)
    if stated is not None and letter_of(stated):
        return stated
    positions = [match.start(match.lastindex or 0) for match in _STATED.finditer(own)]
    if positions:
        return own[positions[-1] : positions[-1] + MAX_ANSWER_CHARS].partition("\n")[0].strip()
    last_line = own.rstrip()[-MAX_ANSWER_CHARS:].rpartition("\n")[2].strip()
    lone = _LONE.fullmatch(last_line)
    return lone[1] if lone else stated


def letter_of(answer: str) -> str | None:
    """The letter that an answer begins with, upper case; None if it begins with none."""
    text = in_ascii_signs(answer[:MAX_ANSWER_CHARS])
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
    if match_key(tidy(option)) == match_key(tidy(answer)) or _words(option) == _words(answer):
        return True
    return plain_equality.are_same(option, answer)


def _words(text: str) -> str:
    """A text with its units and without formula signs, in lower case."""
    return " ".join(_TEXT.sub(r" \1 ", text).replace("$", "").lower().split()).rstrip(". ")


def _value_verdict(reference: Reference, extracted: str, same: list[bool]) -> Verdict:
    right = LETTERS.index(letter_of(reference.answer) or "A")
    alone = same[right] and sum(same) == 1
    return Verdict("correct" if alone else "wrong", extracted, "value")
