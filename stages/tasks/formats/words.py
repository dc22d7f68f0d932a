"""Word problems: GSM8K, GSM-Hard, SVAMP, TheoremQA."""

import re

from stages.solutions.steps import split_steps
from stages.tasks import prompts
from stages.tasks.formats.equation import worked_equation
from stages.tasks.formats.options import chosen_letter, lettered_options
from stages.tasks.formats.row import (
    ParsedProblem,
    Row,
    UnusableError,
    level,
    optional_text,
    text,
    value,
)

ANNOTATION = re.compile(r"<<[^<>]*>>")
ASKED_LAST = re.compile(r"[.,;]? which [^?]{0,80}\?$", re.IGNORECASE)


def gsm8k(row: Row, annotations: bool = False) -> ParsedProblem:
    """{question, answer}: lines, then "#### answer"; the level is the number of lines before it.

    `annotations` keeps the calculator's <<48/2=24>>.
    """
    question, solution = text(row, "question"), text(row, "answer")
    if not annotations:
        solution = ANNOTATION.sub("", solution)
    body, marker, answer = solution.rpartition("#### ")
    if not marker or not answer.strip():
        raise UnusableError("answer has no «#### » line with a value")
    n_steps = max(1, len(split_steps(body)))
    return ParsedProblem(question, answer.strip(), solution, level=n_steps)


def gsm_hard(row: Row) -> ParsedProblem:
    """{input, target}: GSM8K's questions with large numbers, so the target is kept exactly."""
    return ParsedProblem(text(row, "input"), value(row, "target"))


def svamp(row: Row) -> ParsedProblem:
    """{Body, Question, Answer}; an Equation is the rationale, an operation a line."""
    question = f"{text(row, 'Body')} {text(row, 'Question')}"
    answer = value(row, "Answer")
    equation = optional_text(row, "Equation")
    rationale = worked_equation(equation, answer) if equation else ""
    return ParsedProblem(question, answer, rationale, subject=optional_text(row, "Type"))


def theoremqa(row: Row) -> ParsedProblem:
    """{Question, Answer, Answer_type, Picture}: numbers, True or False, lists, or an option.

    The question contains the options, so its prompt does not list them again.
    """
    if row.get("Picture") not in (None, "", "NONE"):
        raise UnusableError("can't be asked without its picture")
    question, answer = text(row, "Question"), value(row, "Answer")
    about = optional_text(row, "subfield", "field")
    if row.get("Answer_type") != "option":
        return ParsedProblem(question, answer, level=level(row), subject=about)
    options = lettered_options(ASKED_LAST.sub("", question))
    return ParsedProblem(
        question,
        chosen_letter(answer, options),
        kind="choice",
        options=options,
        subject=about,
        prompt=prompts.math(question),
    )
