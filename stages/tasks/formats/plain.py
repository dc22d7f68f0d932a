"""Users' own rows."""

from schemas.problems import KINDS
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


def plain(row: Row) -> ParsedProblem:
    """{question, answer} and optionally rationale, kind, options, tests, given, level, subject, id.

    A rationale is text, which is split into steps, or a list of steps, each a line of its own.
    The answer of a choice is a letter; of code and stdin it is a program, and may be left out.
    For stdin, `input_output` has inputs and outputs, or `tests` objects with input and output.
    """
    kind = optional_text(row, "kind") or "math"
    if kind not in KINDS:
        raise UnusableError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    options = options_of(row["options"]) if row.get("options") else []
    if kind == "choice" and not options:
        raise UnusableError("is a choice without options")
    tests = pair_tests(row) if kind == "stdin" else texts(row, "tests")
    if kind == "code" and not tests:
        raise UnusableError("is code without tests")
    answer = (
        optional_text(row, "answer") or "" if kind in ("code", "stdin") else value(row, "answer")
    )
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


def _rationale(row: Row) -> str | list[str]:
    if not isinstance(row.get("rationale"), list):
        return optional_text(row, "rationale") or ""
    steps = texts(row, "rationale")
    return [f"{step}\n" for step in steps[:-1]] + steps[-1:]
