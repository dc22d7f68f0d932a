"""Where a completion writes its program.

Policy. Fenced blocks without a language, or with Python's, are read as one program, in their
order, so that what comes later holds; a block that was begun and not closed counts as far as it
is Python. Without a fence the program begins at the first line that can begin one (an import, a
definition, a decorator, an assignment, a comment, a print) and ends before the first line that is
no Python: models that go on talking after their program are not failed for it. A completion
without such a program states none.
"""

import ast
import re
import warnings

MAX_PROGRAM_CHARS = 20_000
MAX_CUTS = 8

_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[ \t]*$", re.MULTILINE)
_PYTHON = ("", "py", "python", "python3")
_BEGINNING = re.compile(
    r"^(?:import |from |def |class |async def |@|#|print\(|\w[\w, ]*=[^=])", re.M
)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def find_program(completion: str) -> str | None:
    """The program that a completion holds, None if it holds none (see the policy)."""
    text = completion.replace("\r\n", "\n").replace("[BEGIN]", "").replace("[DONE]", "")
    if len(text) > MAX_PROGRAM_CHARS:
        return None
    if blocks := _blocks(text):
        return "\n".join(filter(None, map(_leading_python, blocks))) or None
    if program := _leading_python(text):
        return program
    beginning = _BEGINNING.search(text)
    return _leading_python(text[beginning.start() :]) if beginning else None


def _blocks(text: str) -> list[str]:
    """The content of each fence; the last one may be unclosed."""
    fences = list(_FENCE.finditer(text))
    blocks = []
    for opening, closing in zip(fences[::2], [*fences[1::2], None], strict=False):
        if opening[1].lower() in _PYTHON:
            blocks.append(text[opening.end() : closing.start() if closing else len(text)])
    return blocks


def _leading_python(text: str) -> str | None:
    """The lines before the first that is not Python; None if no statement is left."""
    lines = text.strip("\n").split("\n")
    for _ in range(MAX_CUTS):
        code = "\n".join(lines).rstrip()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return code if ast.parse(code).body else None
        except SyntaxError as error:
            lines = lines[: min((error.lineno or 1), len(lines)) - 1]
        except _UNREADABLE:
            return None
    return None
