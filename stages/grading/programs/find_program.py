"""Where a completion writes its program.

Policy. Only the solution itself is read (`stages.grading.own_text`), and what follows its thoughts.
Fenced blocks (of backticks or tildes, indented as one) without a language, or with Python's, are
read as one program, in their order, so that what comes later holds; but a later block that only
shows the program in use (calls, assertions, further prints) is left out. A block that was begun and
not closed counts as far as it is Python; one that was only closed begins with the text, as a prompt
that opens a block leaves it. Without a fence the program begins at the first line that can begin
one (an import, a definition, a decorator, an assignment, a comment, a print) and ends before the
first line that is no Python: models that go on talking after their program are not failed for it. A
completion without such a program states none.

`find_last_program` takes, where there is no such program, the last block of any other language that
is Python, else the last lines that are.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from stages.grading.own_text import own_text
from stages.grading.thinking import end_of_thinking

MAX_PROGRAM_CHARS = 20_000
MAX_CUTS = 8

_FENCE = re.compile(
    r"^(?P<indent>[ \t>]*)(?P<mark>`{3,}|~{3,})[ \t]*\{?\.?(?P<language>[\w+#-]*)[^`~\n]*$", re.M
)
_GLUED_FENCE = re.compile(r"(?<=\S)[ \t]*```[ \t]*$", re.M)
_PYTHON = ("", "py", "python", "python3", "python2", "ipython", "pycon", "py3", "code", "tool_code")
_BEGINNING = re.compile(
    r"^(?:import |from |def |class |async def |@|#|print\(|\w[\w, ]*=[^=])", re.M
)
_LINE = re.compile(r"^(?=\S)(?:for |while |if |with |try:|\w)", re.M)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_USES = (ast.Expr, ast.Assert, ast.For, ast.If, ast.With, ast.Try)
"""Statements of a block that only shows a program in use."""


def find_program(completion: str) -> str | None:
    """The program that a completion holds, None if it holds none (see the policy)."""
    text = _solution(completion)
    return None if len(text) > MAX_PROGRAM_CHARS else _stated_program(text)


def find_last_program(completion: str) -> str | None:
    """The last text that is Python, where no program is found; None without any."""
    text = _solution(completion)
    if len(text) > MAX_PROGRAM_CHARS:
        return None
    for block in reversed(_blocks(text)):
        if program := _leading_python(block.content):
            return program
    for beginning in list(_LINE.finditer(text))[-MAX_CUTS:]:
        if program := _leading_python(text[beginning.start() :]):
            return program
    return None


def is_answered(text: str) -> bool:
    """Whether a text that ends here has ended its program, so that what follows is another's."""
    own = _normalise(text)
    blocks = [block for block in _blocks(own) if block.language in _PYTHON]
    if any(block.is_closed and _leading_python(block.content) for block in blocks):
        return not any(not block.is_closed for block in _blocks(own))
    return not _FENCE.search(own) and _ends_in_python(own.strip("\n"))


def _ends_in_python(text: str) -> bool:
    """Whether an unfenced text is a program to its end, or goes on talking after one."""
    beginning = _BEGINNING.search(text)
    program = _leading_python(text[beginning.start() :]) if beginning else None
    if not program or not beginning:
        return False
    rest = text[beginning.start() + len(program) :]
    return not re.search(r"\"\"\"|'''", rest)


def _normalise(completion: str) -> str:
    text = completion.replace("\r\n", "\n").replace("[BEGIN]", "").replace("[DONE]", "")
    return _GLUED_FENCE.sub("\n```", text)


def _solution(completion: str) -> str:
    own = own_text(completion, is_answered)
    rest = own[end_of_thinking(own) :]
    return _normalise(rest if rest.strip() else own)


def _stated_program(text: str) -> str | None:
    if blocks := [block.content for block in _blocks(text) if block.language in _PYTHON]:
        return _join_blocks(list(filter(None, map(_leading_python, blocks)))) or None
    if program := _leading_python(text):
        return program
    beginning = _BEGINNING.search(text)
    return _leading_python(text[beginning.start() :]) if beginning else None


class _Block(NamedTuple):
    """The content of a fence, without its indentation; the last one may be unclosed."""

    language: str
    content: str
    is_closed: bool


def _blocks(text: str) -> list[_Block]:
    fences = list(_FENCE.finditer(text))
    blocks: list[_Block] = []
    number = 0
    if fences and _begins_within(text, fences):
        blocks.append(_Block("", text[: fences[0].start()], True))
        number = 0 if fences[0]["language"] else 1
    while number < len(fences):
        opening = fences[number]
        closing = next(_closings(opening, fences[number + 1 :]), None)
        content = text[opening.end() : closing.start() if closing else len(text)]
        blocks.append(
            _Block(opening["language"].lower(), _dedent(content, opening["indent"]), bool(closing))
        )
        number = fences.index(closing) + 1 if closing else len(fences)
    return blocks


def _closings(opening: re.Match[str], later: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """The fences that can close a block: of its sign, at least as long, without a language."""
    for fence in later:
        mark = fence["mark"]
        is_long = mark[0] == opening["mark"][0] and len(mark) >= len(opening["mark"])
        if is_long and not fence["language"]:
            yield fence


def _begins_within(text: str, fences: list[re.Match[str]]) -> bool:
    """Whether the text before the first fence is a program that this fence closes."""
    before = text[: fences[0].start()]
    program = _leading_python(before)
    if not program or len(program.strip()) < len(before.strip()):
        return False
    return bool(fences[0]["language"]) or len(fences) % 2 == 1 or fences[1]["language"] != ""


def _dedent(content: str, indent: str) -> str:
    """The content without the indentation of its fence (in a list), or of all its lines."""
    if not indent:
        return content
    lines = [line.removeprefix(indent) for line in content.split("\n")]
    return textwrap.dedent("\n".join(lines))


def _join_blocks(programs: list[str]) -> str:
    """The blocks as one program, without later ones that only show what is defined in use.

    A block that prints is kept if nothing before it prints, since it may print the answer.
    """
    kept: list[str] = []
    does_print = False
    for program in programs:
        tree = ast.parse(program)
        prints = any(_is_print(node) for node in tree.body)
        is_use = all(isinstance(node, _USES) for node in tree.body)
        if kept and is_use and (does_print or not prints):
            continue
        kept.append(program)
        does_print = does_print or prints
    return "\n".join(kept)


def _is_print(statement: ast.stmt) -> bool:
    """Whether a statement of the module, no definition, prints."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    calls = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Name) and call.id == "print" for call in calls)


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
