"""Phrases that state an answer, in English and in the languages that models are evaluated in.

They are MGSM's eleven (Bengali, Chinese, English, French, German, Japanese, Russian, Spanish,
Swahili, Telugu, Thai), and Portuguese, Italian, Turkish, Korean, Hindi, Dutch, Polish, Vietnamese,
Indonesian and Arabic.
"""

import re
import unicodedata
from collections.abc import Iterator

_OPENING = r"(?:(?:\\\[|\$\$|```\w*)[ \t]*\n\s*)?"
"""A display or block whose first line is the answer."""
_OF = (
    r"(?: \([^()\n]{1,30}\))?"
    r"(?:,? (?:to|for|of|in) (?:(?:the|this|that|our|your|my) (?:[\w-]+ ){0,2}"
    r"(?:question|problem|exercise|task)|(?:part )?\(?[a-z0-9]\)?|dollars|cents|\w+s))?"
    r"(?: (?:that )?(?:we|I) (?:get|got|want|need|seek|find|found|obtain(?:ed)?|are looking for))?"
)
_ASIDE = r"(?:, ?(?:therefore|then|thus|hence|so|finally|of course|as \w+),)?"
_IS = (
    r"(?:must be|should be|would be|will be|has to be|can only be|comes out(?: to be| to| as| at)?"
    r"|works out(?: to be| to| as| at)?|turns out to be|comes to|is equal to|is given by"
    r"|is found to be"
    r"|(?:is|are|was|were|equals?|becomes)\b|->|→|=>|⇒|[–—-](?=\s)|[:=])"
)
_JUST = (
    r"(?:(?:(?:therefore|thus|hence|then|so|now|indeed|clearly|simply|just|exactly|precisely"
    r"|approximately|about|roughly|actually|equal to|given by|found to be)\b|≈)[ \t,:]*)*"
)
SENTENCE = re.compile(
    rf"(?<![A-Za-z])(?:(?:answers?|ans\.?)(?![A-Za-z]){_OF}{_ASIDE}[ \t*_]*{_IS}|ans\.(?=\s))"
    rf"[ \t*_:]*(?:\n\s*)?{_JUST}{_OPENING}",
    re.IGNORECASE,
)
"""English: what follows is the answer."""
HEADING = re.compile(
    r"^[ \t>]*(?:#{1,6}[ \t]*|\*\*|__)*(?:(?:the|my|our)[ \t]+)?(?:(?:final|correct)[ \t]+)?answer"
    rf"[*_ \t]*\n\s*{_OPENING}",
    re.IGNORECASE | re.MULTILINE,
)
"""A heading without a colon: the next line is the answer."""
CLOSING = re.compile(
    r"(?:(?:the|our|my|final|end|overall)[ \t]+)+(?:solution|result|value|total|number)"
    rf"{_OF}{_ASIDE}[ \t*_]*{_IS}[ \t*_:]*{_JUST}"
    r"|^[#*_ \t]*(?:result|solution|total)[ \t*_]*[:=][ \t*_]*"
    r"|(?:Lösung|Solución|Solução|Resultado|Résultat|Soluzione|Risultato|Результат|结果|結果)"
    r"[ \t*_]*(?:[:=]|ist|es|est|é|è|是|は)[ \t*_]*",
    re.IGNORECASE,
)
"""Weaker words for it, which count on the last line."""
_AMOUNT = r"\\?[$€£¥₹]?-?\d[\d,]*(?:\.\d+)?(?:[ ]?/[ ]?\d+)?[ ]?(?:\\?%|[$€£¥])?"
_FORMULA = r"\$\$?(?:[^$\\\n]|\\.)+\$\$?|\\\([^\n]+?\\\)|\\\[[^\n]+?\\\]"
_THE_ANSWER = r"(?:the|our|my|your) (?:(?:final|correct|right|required|desired) )*answer\b"
_ANSWER = re.compile("[Aa]nswer")
_TO_BE = re.compile(r"\b(?:is|as)\b(?: \w+)? (?:the|our|my|your) (?:\w+ ){0,2}\Z")
MAX_BEFORE = 200
"""Characters before "answer" in which its value may be."""
REVERSED = re.compile(
    rf"(?<![\w.,])[*_]*(?P<value>{_FORMULA}|{_AMOUNT})[*_]*,? is "
    rf"(?:thus |therefore |hence |then |indeed )?{_THE_ANSWER}"
    rf"|\b(?:get|got|have|obtain|obtained|found|gives?(?: us)?|giving(?: us)?|arrive at) "
    rf"(?P<gotten>{_FORMULA}|{_AMOUNT}) as {_THE_ANSWER}(?=\s*(?:[.!]|$))",
    re.IGNORECASE,
)
"""English, the other way around: "42 is the answer"."""

_NOUNS = {
    "de": "(?:Endgültige |Finale )?Antwort|Endergebnis|Ergebnis",
    "es": "Respuesta(?: final| correcta)?",
    "pt": "Resposta(?: final| correta)?",
    "fr": "R[ée]ponse(?: finale| correcte)?",
    "it": "Risposta(?: finale| corretta)?",
    "ru": "(?:Правильный |Окончательный )?Ответ(?:ом)?",
    "sw": "Jibu(?: sahihi| la mwisho)?",
    "tr": "(?:Doğru |Nihai )?Cevap|Cevabı|Yanıt",
    "nl": "(?:Eind)?antwoord",
    "pl": "Odpowiedź|Odpowiedzią",
    "vi": "Đáp án|Đáp số|Câu trả lời",
    "id": "Jawaban(?:nya)?",
    "ar": "الإجابة|الجواب|الاجابة|جواب",
    "bn": "উত্তর(?:টি)?",
    "hi": "उत्तर|जवाब",
    "te": "సమాధానం|జవాబు",
}
_NOUNS_WITHOUT_BLANKS = {
    "zh": "最终答案|正确答案|答案|最终结果",
    "ja": "答え|解答|正解|(?<!回)答",
    "ko": "정답|답변|답",
    "th": "คำตอบ",
}
_NOUN = (
    rf"(?:(?<![^\W\d_])(?:{'|'.join(_NOUNS.values())})|{'|'.join(_NOUNS_WITHOUT_BLANKS.values())})"
)
_INITIAL = "(?=[EFARJDNCYOĐОПاجউउजసజ最正答解정답ค])"
"""The letters with which the nouns begin: other places are passed over fast."""
_COPULAS = (
    "ist|lautet|beträgt|es igual a|es|é igual a|é|est égale à|est donc|est|è uguale a|è|равен|равно"
    "|является|составляет|это|ni sawa na|ni|dır|dir|is|jest|to jest|là|adalah|ialah|هي|هو|হল|হলো"
    "|হবে|है"
)
_PARTICLES = "คือ|应该是|應該是|就是|应为|等于|是|为|為|即|は|이|은|는"
_BLANKS = r"[ \t*_\u00a0]*"
FOREIGN = re.compile(
    rf"{_INITIAL}{_NOUN}{_BLANKS}(?:[:=]|[-–—→](?!\d)|[、,]|(?:{_COPULAS})(?!\w){_BLANKS}:?"
    rf"|(?:{_PARTICLES}){_BLANKS}:?|(?=[ \t]*-?\d))"
    rf"{_BLANKS}(?:\n\s*)?{_OPENING}",
    re.IGNORECASE,
)
"""Other languages: what follows is the answer."""
_FOREIGN_LETTER = re.compile(
    "[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0400-\u04ff\u0600-\u0e7f\u1e00-\u1eff\u3040-\ud7af]"
)
_ASCII_NOUN = ("ntwo", "rgebnis", "espuesta", "esposta", "eponse", "isposta", "Jibu", "jibu",
               "evap", "awaban")  # fmt: skip
"""What a text in ASCII must hold to state an answer in another language, whatever its capital."""
LEADING_FORMULA = re.compile(r"\$\$?((?:[^$\\]|\\.)+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]")
_AFTER = re.compile(
    r"[ \t]*(?:です|でした|だ|である|となります|になります|입니다|이다|예요|이에요|है|हैं|হয়"
    r"|['’]?(?:dir|dır|dur|dür|tir|tır|tur|tür)|olur|అవుతుంది|ครับ|ค่ะ)?[ \t]*[.।॥!*_ \t]*$"
)
_END = re.compile(r"[.](?=\s|$|[^\x00-\x7f])|[।॥;]|,\s(?=[^\W\d_])")
LEADING_AMOUNT = re.compile(
    r"(?P<value>(?:[$€£¥₹₽฿₺₩]|R\$|US\$)?[ ]?[-+]?"
    r"\d(?:\d|[,.](?=\d)|[ \u00a0\u202f](?=\d{3}(?!\d)))*"
    r"(?:[ ]?/[ ]?\d+)?(?:[ ]?\\?%)?)(?![\w^(*+=/\\-]*[\d\\^])"
)
_WORD = re.compile(
    r"(?:(?![A-Za-zªµºÀ-ÖØ-öø-ÿͰ-Ͽ])[^\W\d_]){2}|^\D*[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)


def may_state_in_another_language(text: str) -> bool:
    """Whether it is worth looking for `FOREIGN`."""
    for noun in _ASCII_NOUN:
        if noun in text:
            return True
    return not text.isascii() and _FOREIGN_LETTER.search(text) is not None


def reversed_statements(text: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """(span, span of the value) of each "42 is the answer", looked for where "answer" is."""
    for answer in _ANSWER.finditer(text):
        start = max(0, answer.start() - MAX_BEFORE)
        if not _TO_BE.search(text, start, answer.start()):
            continue
        for match in REVERSED.finditer(text, start, answer.end() + 2):
            yield match.span(), match.span("value" if match["value"] else "gotten")


class _Plain(dict[int, int]):
    """Full-width signs and the digits of all scripts, as ASCII; everything else as it is."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        plain = code
        if 0xFF01 <= code <= 0xFF5E:
            plain = code - 0xFEE0
        elif code == 0x3000:
            plain = 0x20
        elif code == 0x3002:
            plain = ord(".")
        elif code > 127 and unicodedata.category(char) == "Nd":
            plain = ord("0") + unicodedata.digit(char)
        self[code] = plain
        return plain


_PLAIN = _Plain()


def in_ascii_signs(text: str) -> str:
    """The text with full-width signs and the digits of all scripts as ASCII, as long as before."""
    return text if text.isascii() else text.translate(_PLAIN)


def foreign_answer(rest: str) -> str:
    """The answer at the start of what follows a phrase, without copula, unit or further clause."""
    sentence = _END.split(rest.strip(" \t*_"), maxsplit=1)[0]
    sentence = _AFTER.sub("", sentence).strip(" \t*_")
    amount = LEADING_AMOUNT.match(sentence)
    has_words = any(ord(char) > 127 and char.isalpha() for char in sentence)
    if formula := LEADING_FORMULA.match(sentence):
        return str(next(filter(None, formula.groups()))).strip()
    if amount and (has_words or " " in sentence):
        return amount["value"].strip()
    return sentence


def has_foreign_words(text: str) -> bool:
    """Whether a text holds words of a script that is neither Latin nor Greek.

    They are two of its letters in a row, or one of a script without blanks before any digit.
    """
    return not text.isascii() and _WORD.search(text) is not None
