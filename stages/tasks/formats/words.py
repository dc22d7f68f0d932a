"""Word problems: GSM8K, GSM-Hard, SVAMP, TheoremQA."""

import re

from stages.solutions.steps import split_steps
from stages.tasks import prompts
from stages.tasks.formats.options import chosen, lettered
from stages.tasks.formats.row import Found, Row, UnusableError, level, optional, text, value

ANNOTATION = re.compile(r"<<[^<>]*>>")
ASKED_LAST = re.compile(r"[.,;]? which [^?]{0,80}\?$", re.IGNORECASE)


def gsm8k(row: Row, annotations: bool = False) -> Found:
    """{question, answer}: lines, then «#### answer»; the level is the number of lines before it.

    `annotations` keeps the calculator's <<48/2=24>>.
    """
    question, solution = text(row, "question"), text(row, "answer")
    if not annotations:
        solution = ANNOTATION.sub("", solution)
    body, marker, answer = solution.rpartition("#### ")
    if not marker or not answer.strip():
        raise UnusableError("answer has no «#### » line with a value")
    steps = split_steps(solution)
    return Found(question, answer.strip(), steps, level=max(1, len(split_steps(body))))


def gsm_hard(row: Row) -> Found:
    """{input, target}: GSM8K's questions with large numbers, so the target is kept exactly."""
    return Found(text(row, "input"), value(row, "target"))


def svamp(row: Row) -> Found:
    """{Body, Question, Answer}."""
    question = f"{text(row, 'Body')} {text(row, 'Question')}"
    return Found(question, value(row, "Answer"), subject=optional(row, "Type"))


def theoremqa(row: Row) -> Found:
    """{Question, Answer, Answer_type, Picture}: numbers, True or False, lists, or an option.

    The options stand in the question, so its prompt does not list them again.
    """
    if row.get("Picture") not in (None, "", "NONE"):
        raise UnusableError("can't be asked without its picture")
    question, answer = text(row, "Question"), value(row, "Answer")
    about = optional(row, "subfield", "field")
    if row.get("Answer_type") != "option":
        return Found(question, answer, level=level(row), subject=about)
    options = lettered(ASKED_LAST.sub("", question))
    return Found(
        question,
        chosen(answer, options),
        kind="choice",
        options=options,
        subject=about,
        prompt=prompts.math(question),
    )
