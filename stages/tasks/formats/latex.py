"""Competition mathematics in LaTeX: MATH, MATH-500, AMC23, AIME24, NuminaMath."""

import re
from dataclasses import replace

from stages.tasks.formats.row import (
    ParsedProblem,
    Row,
    UnusableError,
    level,
    optional_text,
    text,
    value,
)

TOKEN = re.compile(r"\\(?:boxed|fbox)\s*(\{)|\\boxed\s+([^\s{}$.,\\]+)|\\.|[{}]", re.DOTALL)
LEFT_OUT = ("synthetic_math", "synthetic_amc", "orca_math")
PROOF = re.compile(r"(?:^|[.:;,!?$]\s+|\band\s+)(?:prove|show)\s+that\b|^prove\b", re.IGNORECASE)


def boxed_answer(solution: str) -> str | None:
    """The content of the last \\boxed{…}, braces balanced, or 5 of \\boxed 5; None without one."""
    last = None
    opened: list[int | None] = []  # where a box begins, None for other braces
    for token in TOKEN.finditer(solution):
        if token[2]:
            last = token[2]
        elif token[1] or token[0] == "{":
            opened.append(token.end() if token[1] else None)
        elif token[0] == "}" and opened:
            start = opened.pop()
            inside = solution[start : token.start()].strip() if start is not None else ""
            last = inside or last
    return last


def math(row: Row) -> ParsedProblem:
    """{problem, answer or final_answer or a boxed one in solution, solution, level, type}."""
    solution = optional_text(row, "solution")
    stated = [name for name in ("answer", "final_answer") if row.get(name) is not None]
    answer = value(row, *stated) if stated else boxed_answer(text(row, "solution"))
    if not answer:
        raise UnusableError("solution has no \\boxed answer")
    return ParsedProblem(
        text(row, "problem", "question"),
        answer.removesuffix("."),
        solution or "",
        level=level(row),
        subject=optional_text(row, "subject", "type"),
    )


def contest(row: Row) -> ParsedProblem:
    """AMC and AIME, whose answers are whole numbers: 27.0 → 27, 033 → 33."""
    parsed = math(row)
    if not re.fullmatch(r"-?\d+(\.0+)?", parsed.answer):
        raise UnusableError("its answer is no whole number")
    return replace(parsed, answer=str(int(parsed.answer.partition(".")[0])))


def numina(row: Row) -> ParsedProblem:
    """{source, problem, solution}: without proofs, synthetic and Orca parts (Step-KTO §3.1).

    A row is a proof if it says so (question_type, or the answer "proof"), or if a sentence or
    clause begins with "prove" or "show that".
    """
    origin = optional_text(row, "source")
    if origin in LEFT_OUT:
        raise UnusableError(f"is of {origin}, which Step-KTO leaves out")
    problem, solution = text(row, "problem"), text(row, "solution")
    if "proof" in (row.get("question_type"), row.get("answer")) or PROOF.search(problem):
        raise UnusableError("asks for a proof")
    answer = boxed_answer(solution)
    if answer is None:
        raise UnusableError("solution has no \\boxed answer")
    return ParsedProblem(problem, answer, solution, subject=origin)
