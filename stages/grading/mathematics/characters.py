"""Characters of all scripts, as ASCII and LaTeX: digits, full-width signs, fractions, powers."""

import re
import unicodedata

_ZEROS = "٠۰०০੦૦୦௦౦೦൦๐໐༠၀០᠐０"
"""The digit 0 of Arabic, Persian, the Indic scripts, Thai, Lao, Tibetan, … and full width."""
_LATEX = {
    "−–—‐‑": "-", "×✕✖": r"\times ", "·⋅∙": r"\cdot ", "÷⁄∕": "/",
    "∞": r"\infty ", "∪⋃": r"\cup ", "∩": r"\cap ", "∖": r"\setminus ", "∈": r"\in ",
    "∅": r"\emptyset ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}",
    "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "≤≦⩽": r"\le ", "≥≧⩾": r"\ge ", "≠": r"\ne ",
    "≈≃": r"\approx ", "≡": r"\equiv ", "±": r"\pm ", "∣": r"\mid ", "°˚": r"^{\circ}",
    "℃": r"^{\circ}C", "℉": r"^{\circ}F", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ",
    "⌉": r"\rceil ", "…": r"\ldots ", "→⇒⟹": r"\Rightarrow ", "∴": r"\therefore ", "‘’′": "'",
    "√": r"\sqrt ", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]", "∆": r"\Delta ", "٪﹪": "%",
    "π": r"\pi ", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ",
    "ε": r"\epsilon ", "θ": r"\theta ", "λ": r"\lambda ", "μ": r"\mu ", "σ": r"\sigma ",
    "φ": r"\phi ", "ω": r"\omega ", "。｡": ".", "、､،": ", ", "﹣": "-", "〜": "~",
    "\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u205f\u3000": " ",
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad": "",
    "€£¥₹₩₽₺₫฿₪₦₱₲₴₵₸₼₾₡₢₣₤₧₨₭₮₿৳៛﷼¢": "",
}  # fmt: skip
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_DIGITS = {chr(ord(zero) + n): str(n) for zero in _ZEROS for n in range(10)}
_CHARACTERS = str.maketrans(
    {one: latex for several, latex in _LATEX.items() for one in several}
    | _FULL_WIDTH
    | _DIGITS
    | dict.fromkeys("￠￡￥￦", "")
)
_FRACTION = re.compile(r"[¼-¾⅐-⅞↉]")
_RAISED = re.compile(r"[⁰¹²³⁴-⁹⁺⁻ⁿ]+")
_LOWERED = re.compile(r"[₀-₉]+")
_ROOT_OF_NUMBER = re.compile(r"√\s?(\d+(?:\.\d+)?)")


def as_latex(text: str) -> str:
    """The text with the characters above in LaTeX, and other scripts' digits as 0 to 9."""
    if text.isascii():
        return text
    text = _FRACTION.sub(_fraction, text)
    text = _RAISED.sub(lambda raised: "^{" + _plain(raised[0]).replace("\u2212", "-") + "}", text)
    text = _LOWERED.sub(lambda lowered: "_{" + _plain(lowered[0]) + "}", text)
    return _ROOT_OF_NUMBER.sub(r"\\sqrt{\1}", text).translate(_CHARACTERS)


def _fraction(character: re.Match[str]) -> str:
    over, _, under = _plain(character[0]).partition("\N{FRACTION SLASH}")
    return rf"\frac{{{over}}}{{{under}}}"


def _plain(characters: str) -> str:
    return unicodedata.normalize("NFKC", characters)
