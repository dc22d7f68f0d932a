"""Multiple choice: AQuA and MathQA; and MMLU's mathematics, asked without its options."""

import math
import re

from stages.tasks.formats.options import chosen_letter, options_of
from stages.tasks.formats.row import (
    ParsedProblem,
    Row,
    UnusableError,
    optional_text,
    text,
    texts,
    whole_number,
)

CHOICES = "Answer Choices:"
MMLU_MATH = ("elementary_mathematics", "high_school_mathematics", "college_mathematics")


def choice(row: Row) -> ParsedProblem:
    """{question or problem, options, correct, rationale}: the answer is a letter."""
    options = options_of(row.get("options"))
    letter = chosen_letter(text(row, "correct", "answer_value"), options)
    rationale = optional_text(row, "rationale", "Rationale")
    return ParsedProblem(
        text(row, "question", "problem", "Problem").partition(CHOICES)[0].rstrip(),
        letter,
        add_conclusion(rationale.strip('"'), letter) if rationale else "",
        kind="choice",
        options=options,
    )


def add_conclusion(solution: str, answer: str) -> str:
    """The solution with "The answer is X" as its last line, unless it ends that way."""
    if re.search(rf"\bThe answer is {re.escape(answer)}\.?$", solution.rstrip()):
        return solution
    return f"{solution.rstrip()}\nThe answer is {answer}"


def mmlu_math(row: Row) -> ParsedProblem:
    """{question, choices, answer, subject or type}: MMLU_Math, out of domain in SIPF §3.1.

    Of the three mathematics subjects, the questions whose right choice is a number once thousands
    commas are dropped. That leaves 354 of 748, as many as SIPF has.
    """
    subject = text(row, "subject", "type")
    if subject not in MMLU_MATH:
        raise UnusableError("is of none of MMLU's three mathematics subjects")
    choices, index = texts(row, "choices"), whole_number(row.get("answer"))
    if index is None or not 0 <= index < len(choices):
        raise UnusableError(
            f"answer {row.get('answer')!r} is no index of its {len(choices)} choices"
        )
    answer = choices[index].replace(",", "")
    if not _is_number(answer):
        raise UnusableError("its right choice is no number")
    return ParsedProblem(text(row, "question"), answer, subject=subject)


def _is_number(answer: str) -> bool:
    try:
        return math.isfinite(float(answer))
    except ValueError:
        return False
