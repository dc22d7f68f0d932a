r"""One way of writing LaTeX: no decoration, one command for each thing, braces around arguments."""

import re

from stages.grading.mathematics.units import DEGREES

_TRIGONOMETRIC = r"\\(?:sin|cos|tan|cot|sec|csc)(?:\s?\^\s?\{?\d\}?)?"
_ANGLE = r"-?\d+(?:\.\d+)?"
_REWRITES = [
    (mark, re.compile(pattern), replacement)
    for mark, pattern, replacement in [
        # only texts with the mark, which is quickly looked for, can match the pattern
        ("", r"\\\$|(?<!\\)\\[()\[\]]", ""),  # dollars and formula signs
        (r"\!", r",\s*\\!\s*(?=\d)", ","),
        (
            "",
            r"\\!|\\(?:left|right|displaystyle)(?![A-Za-z])|\\[bB]igg?[lr]?(?![A-Za-z])",
            "",
        ),
        ("", r"(?<!\\)\\[,;:> ]|\\q?quad(?![A-Za-z])", " "),
        (
            "circ",
            rf"({_TRIGONOMETRIC})\s*(?:\(\s*({_ANGLE})\s*{DEGREES}\s*\)|({_ANGLE})\s*{DEGREES})",
            r"\1(\2\3\\cdot\\frac{\\pi}{180})",
        ),
        ("circ", DEGREES, ""),
        ("degree", DEGREES, ""),
        ("cent", r"\s*\\text\s*\{\s*per ?cent\s*\}", "%"),
        ("%", r"\s*\\text\s*\{\s*\\?%\s*\}|\\%", "%"),
        ("frac", r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        ("binom", r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        ("frac", r"\\frac\s*(\d|\\pi(?![a-z])|(?<=\s)[a-z])", r"\\frac{\1}"),
        ("frac", r"\\frac\s*(\{[^{}]*\})\s*(\d|\\pi(?![a-z])|[a-z])", r"\\frac\1{\2}"),
        (r"\varnothing", r"\\varnothing(?![A-Za-z])", r"\\emptyset"),
        (r"\R", r"\\(?:R|Reals)(?![A-Za-z])", r"\\mathbb{R}"),
        (r"\mathbb", r"\\mathbb\s*R(?![A-Za-z])", r"\\mathbb{R}"),
        (r"\bar", r"\\bar\s*(?=\{?\d)", r"\\overline"),
        (
            r"\dot",
            r"\.(\d*)\\dot\s?\{?(\d)\}?(?:(\d*)\\dot\s?\{?(\d)\}?)?",
            r".\1\\overline{\2\3\4}",
        ),
        ("dots", r"\\[lcd]?dots(?![A-Za-z])", "..."),
    ]
]
_ALIGNED = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|align\*?|gathered|gather\*?|split|equation\*?)\}|&"
)


def plain_latex(text: str) -> str:
    """The text with its LaTeX written in one way."""
    if "\\" not in text:
        return text
    if r"\begin" in text:
        text = _one_line(text)
    for mark, pattern, replacement in _REWRITES:
        if mark in text:
            text = pattern.sub(replacement, text)
    return text


def _one_line(text: str) -> str:
    """The text without the alignment of its lines, which become a list; matrices stay."""
    if "matrix" in text or r"\begin{array" in text or r"\begin{cases" in text:
        return text
    return re.sub(r"\s*\\\\\s*(?=\S)", ", ", _ALIGNED.sub("", text).rstrip("\\ \n"))
