"""Options of multiple choice with their letters, in every way that data sets write them."""

import ast
import re

from stages.tasks.formats.row import UnusableError
from stages.tasks.prompts import LETTERS

MARK = r"(?<![^\s,;:.'\"(\[])\(?{letter}\s?\)"  # (A) or a ) at the start of a word
LABEL = r"\s*(?:\(?{letter}\s?\)\s*|{letter}\.(?=\s*\d)\s*)+"


def options_of(given: object) -> list[str]:
    """Options without their letters, from a list or from one text ("a ) 38 , b ) 27.675")."""
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = ast.literal_eval(given)
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            raise UnusableError("field 'options' is no list") from error
    if isinstance(given, str):
        return lettered_options(given)
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise UnusableError("field 'options' is no list of texts")
    return _check_options(
        [_strip_letter(item, letter) for item, letter in zip(given, LETTERS, strict=False)]
    )


def lettered_options(text: str) -> list[str]:
    """The options that a text lists, A first; an option may contain commas."""
    marks: list[re.Match[str]] = []
    for letter in LETTERS:
        mark = re.compile(MARK.format(letter=f"[{letter}{letter.lower()}]"))
        match = mark.search(text, marks[-1].end() if marks else 0)
        if not match:
            break
        marks.append(match)
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    pieces = [text[mark.end() : end] for mark, end in zip(marks, ends, strict=False)]
    return _check_options(
        [_strip_letter(piece, letter) for piece, letter in zip(pieces, LETTERS, strict=False)]
    )


def chosen_letter(given: str, options: list[str]) -> str:
    """The upper-case letter of an option, however it is written, or from the option's text."""
    letter = given.strip().strip("().").strip().upper()
    known = list(LETTERS[: len(options)])
    if letter not in known and options.count(given.strip()) == 1:
        return LETTERS[options.index(given.strip())]
    if letter not in known:
        raise UnusableError(f"its answer is none of the options {', '.join(known)}")
    return letter


def _strip_letter(option: str, letter: str) -> str:
    """The option without its letter, which some rows repeat ("a ) a ) 15")."""
    label = re.compile(LABEL.format(letter=f"[{letter}{letter.lower()}]"))
    match = label.match(option)
    return option[match.end() if match else 0 :].strip(" \t\r\n,;:")


def _check_options(options: list[str]) -> list[str]:
    if len(options) < 2:
        raise UnusableError("lists no options")
    if not all(options):
        raise UnusableError("has an empty option")
    return options
