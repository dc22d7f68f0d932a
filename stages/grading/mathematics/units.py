r"""Units, currencies and ordinals, which decide nothing beside a number.

A unit is a ``\text{...}``, or up to four words at the end, right after a digit, a closing bracket
or ``\pi``; in any script (``42個``, ``42 Stück``), in brackets (``42\text{ (cm)}``), in products,
powers and quotients (``42\text{ m}\cdot\text{s}^{-1}``). Single letters (``5x``), what is done to a
number (``5 squared``), conditions (``5 if``) and the hours of the day (``5 p.m.``) are no units.
Number words multiply (``5 million``, ``3万``).
"""

import re
from functools import cache

LETTERS_ABROAD = (
    "À-ÖØ-öø-ɏ\u0300-\u036f\u0400-\u058f\u0590-\u0fff\u1000-\u11ff\u1780-\u17ff\u1e00-\u1eff"
    "\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
"""Of scripts that mathematics takes no letters from."""
_NOT_A_UNIT = (
    r"(?!(?i:hundred|thousand|[mbtr]+illion|dozen|half|and|or|to|plus|minus|times|over|mod|pi|"
    r"less|more|than|if|is|not|when|infinity|sqrt|squared|cubed|factorial|below|above|base|lakh|"
    r"crore|[ap]\.?m)\b)"
)
_NO_UNIT_ABROAD = (
    "(?![十百千万萬億亿兆半십백천만억조반]|[IVXivx]+\\b|(?i:und|oder|et|ou|y|o|e|и|или|至|到|或|和|"
    "mil|mille|mio|milliarden?|millionen|millones|millón|миллион|миллиард|тысяч|หมื่น|แสน|ล้าน|พัน|ร้อย|"
    "হাজার|লাখ|লক্ষ|কোটি|వేల|లక్ష|కోట్ల))"
)
_AFTER_NUMBER = r"(?:(?<=[\d)}\]%])|(?<=\\pi)|(?<=\\pi\s))"
_POWER = r"(?:\s?\^\s?(?:\{\s?-?\s?\d\s?\}|-?\d))?"
_SQUARED = r"(?:\s?\^\s?\{?[23]\}?)?$"
_SHORT_UNITS = (
    r"(?:cm|mm|km|ft|kg|mg|ml|mL|lb|oz|mph|hr|in|yd|m\s?/\s?s|kr|Rs|RM|kW|kJ|Hz|kHz|MHz|kPa|Pa|eV)"
)
_TEXT = (
    rf"\\(?:text|textnormal|textrm|mbox|mathrm|rm)\s*\{{\s*+(?!\(\s*[A-Z]\s*\))(?:\(\s*+)?"
    rf"{_NOT_A_UNIT}(?![ie]\s*\}})[A-Za-z{LETTERS_ABROAD}µ]"
    rf"(?:[A-Za-z{LETTERS_ABROAD}µ/ .)-]|(?<=[A-Za-z])\^?-?[123])*\}}"
)
_ONE_TEXT = rf"{_TEXT}{_POWER}"
_JOINT = r"\s*(?:\\cdot(?![A-Za-z])|\\times(?![A-Za-z])|/)?\s*"


@cache  # takes long to compile, and few answers need it
def _text_unit() -> re.Pattern[str]:
    return re.compile(
        rf"{_AFTER_NUMBER}\s*(?:\\frac\s*\{{\s*{_ONE_TEXT}(?:{_JOINT}{_ONE_TEXT})*\s*\}}"
        rf"\s*\{{\s*{_ONE_TEXT}(?:{_JOINT}{_ONE_TEXT})*\s*\}}"
        rf"|[(\[]?\s*{_ONE_TEXT}(?:{_JOINT}{_ONE_TEXT}){{0,5}}\s*[)\]]?)$"
    )


_WORD_UNIT = re.compile(
    rf"{_AFTER_NUMBER}(?:\s+{_NOT_A_UNIT}(?:[A-Za-z]{{3,}}|{_SHORT_UNITS})|{_SHORT_UNITS})"
    rf"(?:(?:\s+|\s?/\s?|-)[A-Za-z]+){{0,3}}{_SQUARED}"
)
_BRACKETED_UNIT = re.compile(
    rf"{_AFTER_NUMBER}\s+(?:\({_NOT_A_UNIT}(?:[a-z]{{4,}}|{_SHORT_UNITS})\)|"
    rf"\[(?:[a-z]{{4,}}|{_SHORT_UNITS})\])$"
)


@cache  # takes long to compile, and few answers need it
def _unit_abroad() -> re.Pattern[str]:
    return re.compile(
        rf"{_AFTER_NUMBER}\s*{_NO_UNIT_ABROAD}{_NOT_A_UNIT}(?=[^\d\\]*[{LETTERS_ABROAD}])"
        rf"[A-Za-z{LETTERS_ABROAD}][A-Za-z{LETTERS_ABROAD}\s./'-]{{0,60}}$"
    )


_CODES = (
    r"USD|EUR|GBP|JPY|CNY|RMB|INR|KRW|RUB|CHF|CAD|AUD|NZD|HKD|TWD|SGD|MYR|IDR|THB|VND|PHP|BDT|PKR|"
    r"LKR|NPR|TRY|ILS|AED|SAR|EGP|ZAR|NGN|KES|KSh|TZS|TSh|UGX|GHS|BRL|MXN|ARS|CLP|COP|PEN|SEK|NOK|"
    r"DKK|PLN|CZK|HUF|RON|UAH|RM|Rs\.?|Rp\.?|kr\.?"
)
_CODE_BEFORE = re.compile(rf"^([+-]?)\s*(?:{_CODES})\s*(?=[+-]?\s?[\d.])")
_DOLLAR = re.compile(r"\b(?:US|HK|NT|[ACNSR])\s?\\?\$\s*(?=[\d.])")
_SIGN_COMMAND = re.compile(
    r"\\(?:text)?(?:cents?|euro|EUR|pounds|sterling|yen|dollar|rupee)(?![A-Za-z])(?:\{\})?"
)
DEGREES = r"(?:\^\s*(?:\\circ(?![A-Za-z])|\{\s*\\circ\s*\})|\\degrees?(?![A-Za-z]))"
_TEMPERATURE = re.compile(
    rf"{DEGREES}\s*(?:\\(?:text|textrm|mathrm|rm)\s*\{{\s*[CFK]\s*\}}|[CFK](?![A-Za-z]))"
    r"|\\(?:degreeC|degreeCelsius|celsius)(?![A-Za-z])"
)
_NTH = "(?:st|nd|rd|th)"
_TEXT_NTH = rf"(?:\\(?:text|textrm|mathrm|rm|textit)\s*\{{\s*{_NTH}\s*\}}|{_NTH})"
_ORDINAL = re.compile(
    rf"(?<=\d)\s?(?:\^\s?\{{\s?{_TEXT_NTH}\s?\}}|\\textsuperscript\s?\{{\s?{_NTH}\s?\}}"
    rf"|\^{_TEXT_NTH}|\\text\s*\{{\s*{_NTH}\s*\}}|\.?[ºª])(?![A-Za-z])"
    rf"|(?:(?<=^\d)|(?<=^\d\d)|(?<=^\d\d\d)|(?<=^\$\d)|(?<=^\$\d\d)){_NTH}(?=\$?\.?$|\s)"
)
_MEASURED = re.compile(r"\\(?:SI|qty)\s*\{([^{}]*)\}\s*\{[^{}]*\}|\\(?:si|unit)\s*\{[^{}]*\}")
_FACTORS = {
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "lakh": 5, "crore": 7,
    "千": 3, "천": 3, "万": 4, "萬": 4, "만": 4, "億": 8, "亿": 8, "억": 8, "兆": 12, "조": 12,
}  # fmt: skip
_FACTOR = re.compile(
    r"(?<=\d)\s*(\\text\s*\{\s*)?((?i:thousand|million|billion|trillion|lakh|crore)s?\b"
    r"|[千천万萬만億亿억兆조](?![\d千천万萬만億亿억兆조]))(\s*\})?"
)


_LETTER_AFTER_DIGIT = re.compile(r"\d\.?\s*[^\W\d_]|\d\s?[\^\\ºª]")


def drop_marks(text: str) -> str:
    """The text without currencies, ordinals, degrees of temperature; number words as powers."""
    if "$" in text:
        text = _DOLLAR.sub("", text)
    if "\\" in text:
        text = _MEASURED.sub(r"\1", _SIGN_COMMAND.sub("", text))
        text = _TEMPERATURE.sub("", text)
    if _LETTER_AFTER_DIGIT.search(text):
        text = _FACTOR.sub(_as_power, _ORDINAL.sub("", text))
    return text


def drop_text_unit(text: str) -> str:
    r"""The text without a unit in ``\text{}`` at its end."""
    return _text_unit().sub("", text) if "\\" in text else text


def drop_word_unit(text: str) -> str:
    """The text without a currency before its number, and without a unit of words at its end."""
    text = _WORD_UNIT.sub("", _CODE_BEFORE.sub(r"\1", text))
    if text[-1:] in ")]":
        text = _BRACKETED_UNIT.sub("", text)
    return text if text.isascii() else _unit_abroad().sub("", text)


def _as_power(word: re.Match[str]) -> str:
    opened, name, closed = word.groups()
    power = rf" \times 10^{{{_FACTORS[name.lower().removesuffix('s')]}}}"
    return power + (opened or "") * (not closed)
