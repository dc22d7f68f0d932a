"""MathInstruct: the parts that GSI publishes, and the whole from the hub.

GSI's rows are {question, answer_cot, answer_value}; its test rows have no answer_cot, and some have
options. The hub's rows are {source, instruction, output}, without an answer of their own.
"""

import re

from stages.tasks.formats.latex import boxed_answer
from stages.tasks.formats.multiple_choice import CHOICES, add_conclusion
from stages.tasks.formats.options import chosen_letter, options_of
from stages.tasks.formats.row import ParsedProblem, Row, UnusableError, optional_text, text, value

STATED = re.compile(r"[Tt]he answer is:?\s*([^\n]+)")
LETTER = re.compile(r"\(?(?:[Oo]ption\s*)?\(?([A-Ja-j])\)?\.?")
REQUEST = re.compile(r"\b(?:Please|Let's)\s[^.?!\n]{0,60}\b(?:program|Python)\b[^.?!\n]{0,60}\.?$")


def cot(row: Row) -> ParsedProblem:
    """Worked solutions. A boxed answer counts first, since GSI's own is lossy."""
    _require_subset(row, "CoT")
    question, options = _question_and_options(row)
    solution = optional_text(row, "answer_cot", "output") or ""
    box = None if options else boxed_answer(solution)
    answer = box or _stated_answer(row, solution)
    if options:
        answer = chosen_letter(answer, options)
    if box:
        solution = _strip_closing(solution)
    elif solution:
        solution = add_conclusion(solution, answer)
    kind = "choice" if options else "math"
    return ParsedProblem(question, answer, solution, kind=kind, options=options)


def pot(row: Row) -> ParsedProblem:
    """Programs that print the answer. The hub's rows don't say what theirs print."""
    _require_subset(row, "PoT")
    if "answer_value" not in row and "output" in row:
        raise UnusableError("does not say what its program prints")
    question, options = _question_and_options(row)
    answer = value(row, "answer_value")
    if options:
        answer = chosen_letter(answer, options)
    program = optional_text(row, "answer_cot") or ""
    return ParsedProblem(question, answer, program, kind="program", options=options)


def _require_subset(row: Row, subset: str) -> None:
    """The hub's `source` is a path such as data/PoT/mathqa.json."""
    origin = optional_text(row, "source") or subset
    if f"{subset}/" not in f"{origin}/":
        raise UnusableError(f"is of {origin}, no part of {subset}")


def _question_and_options(row: Row) -> tuple[str, list[str]]:
    """(question without a request for a program, its options)."""
    full_question = REQUEST.sub("", text(row, "question", "instruction")).rstrip()
    question, has_options, listed = full_question.partition(CHOICES)
    return question.rstrip(), options_of(row.get("options") or listed) if has_options else []


def _stated_answer(row: Row, solution: str) -> str:
    """The row's own answer, or the last that the solution states; a letter without brackets."""
    if row.get("answer_value") is not None:
        return value(row, "answer_value")
    statements = STATED.findall(solution)
    if not statements:
        raise UnusableError("states no answer")
    answer = str(statements[-1]).strip()
    letter = LETTER.fullmatch(answer)
    return letter[1] if letter else answer.removesuffix(".")


def _strip_closing(solution: str) -> str:
    """MATH's own solution, without the sentence that MathInstruct adds: its answer is lossy."""
    shorter, _, closing = solution.rpartition("The answer is ")
    is_added = "\n" not in closing and boxed_answer(shorter) == boxed_answer(solution)
    return shorter.rstrip() if is_added else solution
