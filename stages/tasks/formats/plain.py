"""Users' own rows."""

from schemas.problems import KINDS
from stages.grading.choice import find_choice, letter_of
from stages.grading.mathematics.answers import find_answer
from stages.tasks.chat_rows import question_and_reply
from stages.tasks.formats.input_output import pair_tests
from stages.tasks.formats.options import chosen_letter, options_of
from stages.tasks.formats.row import (
    ParsedProblem,
    Row,
    UnusableError,
    level,
    optional_text,
    text,
    texts,
    value,
    verbatim_text,
)
from stages.tasks.prompts import LETTERS


def plain(row: Row) -> ParsedProblem:
    """{question, answer} and optionally rationale, kind, options, tests, given, level, subject, id.

    A rationale is text, which is split into steps, or a list of steps, each a line of its own.
    Options without a kind make it a choice. The answer of a choice is a letter, the text of an
    option or its index from 0; of code and stdin it is a program, and may be left out. For stdin,
    `input_output` has inputs and outputs, or `tests` objects with input and output. A chat
    (`messages`) may take the place of question and rationale, and of the answer that it states.
    """
    row = _with_chat(row)
    kind = optional_text(row, "kind") or ("choice" if row.get("options") else "math")
    if kind not in KINDS:
        raise UnusableError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    options = options_of(row["options"]) if row.get("options") else []
    if kind == "choice" and not options:
        raise UnusableError("is a choice without options")
    tests = pair_tests(row) if kind == "stdin" else _tests_of(row)
    if kind == "code" and not tests:
        raise UnusableError("is code without tests")
    may_be_absent = kind in ("code", "stdin")
    answer = optional_text(row, "answer") or "" if may_be_absent else value(row, "answer")
    index = row.get("answer")
    if options and type(index) is int and 0 <= index < len(options) and answer not in options:
        answer = LETTERS[index]
    return ParsedProblem(
        text(row, "question"),
        chosen_letter(answer, options) if options else answer,
        _rationale(row),
        kind=kind,
        options=options,
        tests=tests,
        given=verbatim_text(row, "given") if row.get("given") else "",
        level=level(row),
        subject=optional_text(row, "subject"),
    )


def _with_chat(row: Row) -> Row:
    """The row with the fields that its chat stands for; the row itself if it has no chat."""
    chat = question_and_reply(row) if row.get("question") is None else None
    if chat is None:
        return row
    question, reply = chat
    kind = row.get("kind") or ("choice" if row.get("options") else "math")
    stated = {"choice": find_choice, "math": find_answer}.get(str(kind), lambda text: None)(reply)
    if row.get("answer") is None and stated is None and kind != "code":
        raise UnusableError("has no field 'answer', and its chat states no answer")
    if kind == "choice" and stated:
        stated = letter_of(stated)
    return {"answer": stated, "rationale": reply} | row | {"question": question}


def _rationale(row: Row) -> str | list[str]:
    if not isinstance(row.get("rationale"), list):
        return optional_text(row, "rationale") or ""
    steps = texts(row, "rationale")
    return [f"{step}\n" for step in steps[:-1]] + steps[-1:]


def _tests_of(row: Row) -> list[str]:
    """The tests of code: a list, its text, or one test as text."""
    tests = row.get("tests")
    if isinstance(tests, str) and tests.strip() and not tests.lstrip().startswith("["):
        return [text(row, "tests")]
    return texts(row, "tests")
