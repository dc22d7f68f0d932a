"""Users' own rows."""

from schemas.problems import KINDS
from stages.solutions.steps import split_steps
from stages.tasks.formats.options import chosen, options_of
from stages.tasks.formats.row import (
    Found,
    Row,
    UnusableError,
    level,
    optional,
    text,
    texts,
    value,
    verbatim,
)


def plain(row: Row) -> Found:
    """{question, answer} and, where there are any, rationale, kind, options, tests, given,
    level, subject, id.

    A rationale is text, which is split into steps, or a list of steps, each a line of its own.
    The answer of a choice is a letter; of code it is a program, and may be left out.
    """
    kind = optional(row, "kind") or "math"
    if kind not in KINDS:
        raise UnusableError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    options = options_of(row["options"]) if row.get("options") else []
    if kind == "choice" and not options:
        raise UnusableError("is a choice without options")
    tests = texts(row, "tests")
    if kind == "code" and not tests:
        raise UnusableError("is code without tests")
    answer = optional(row, "answer") or "" if kind == "code" else value(row, "answer")
    return Found(
        text(row, "question"),
        chosen(answer, options) if options else answer,
        _steps(row),
        kind=kind,
        options=options,
        tests=tests,
        given=verbatim(row, "given") if row.get("given") else "",
        level=level(row),
        subject=optional(row, "subject"),
    )


def _steps(row: Row) -> list[str]:
    if not isinstance(row.get("rationale"), list):
        return split_steps(optional(row, "rationale") or "")
    steps = texts(row, "rationale")
    return [f"{step}\n" for step in steps[:-1]] + steps[-1:]
