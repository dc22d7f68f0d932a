"""MathInstruct, as GSI publishes its parts and as the hub has it whole.

GSI's rows are {question, answer_cot, answer_value}, its test rows have no answer_cot and some
have options; the hub's are {source, instruction, output}, without an answer of their own.
"""

import re

from stages.solutions.steps import split_steps
from stages.tasks.formats.latex import boxed
from stages.tasks.formats.multiple_choice import CHOICES, concluded
from stages.tasks.formats.options import chosen, options_of
from stages.tasks.formats.row import Found, Row, UnusableError, optional, text, value

STATED = re.compile(r"[Tt]he answer is:?\s*([^\n]+)")
LETTER = re.compile(r"\(?(?:[Oo]ption\s*)?\(?([A-Ja-j])\)?\.?")
REQUEST = re.compile(r"\b(?:Please|Let's)\s[^.?!\n]{0,60}\b(?:program|Python)\b[^.?!\n]{0,60}\.?$")


def cot(row: Row) -> Found:
    """Worked solutions. The boxed answer counts where there is one: GSI's own is lossy."""
    _must_be(row, "CoT")
    question, options = _asked(row)
    solution = optional(row, "answer_cot", "output") or ""
    box = None if options else boxed(solution)
    answer = box or _stated(row, solution)
    if options:
        answer = chosen(answer, options)
    if box:
        solution = _without_closing(solution)
    elif solution:
        solution = concluded(solution, answer)
    kind = "choice" if options else "math"
    return Found(question, answer, split_steps(solution), kind=kind, options=options)


def pot(row: Row) -> Found:
    """Programs that print the answer. The hub's rows don't say what theirs print."""
    _must_be(row, "PoT")
    if "answer_value" not in row and "output" in row:
        raise UnusableError("does not say what its program prints")
    question, options = _asked(row)
    answer = value(row, "answer_value")
    if options:
        answer = chosen(answer, options)
    program = optional(row, "answer_cot") or ""
    return Found(question, answer, split_steps(program), kind="program", options=options)


def _must_be(row: Row, part: str) -> None:
    """The hub's `source` is a path such as data/PoT/mathqa.json."""
    origin = optional(row, "source") or part
    if f"{part}/" not in f"{origin}/":
        raise UnusableError(f"is of {origin}, no part of {part}")


def _asked(row: Row) -> tuple[str, list[str]]:
    """(question without a request for a program, its options)."""
    whole = REQUEST.sub("", text(row, "question", "instruction")).rstrip()
    question, has_options, listed = whole.partition(CHOICES)
    return question.rstrip(), options_of(row.get("options") or listed) if has_options else []


def _stated(row: Row, solution: str) -> str:
    """The row's own answer, or what the solution says last; a letter without what is around it."""
    if row.get("answer_value") is not None:
        return value(row, "answer_value")
    said = STATED.findall(solution)
    if not said:
        raise UnusableError("states no answer")
    answer = str(said[-1]).strip()
    letter = LETTER.fullmatch(answer)
    return letter[1] if letter else answer.removesuffix(".")


def _without_closing(solution: str) -> str:
    """MATH's solution again: the sentence that MathInstruct adds repeats a lossy answer."""
    shorter, _, closing = solution.rpartition("The answer is ")
    is_added = "\n" not in closing and boxed(shorter) == boxed(solution)
    return shorter.rstrip() if is_added else solution
