"""What makes two texts one reasoning path (RFT's key; SIPF §2.1)."""

from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, match_key, tidy
from stages.grading.mathematics.numbers import read_number
from stages.grading.reference import PROGRAM_KINDS, TESTED_KINDS
from stages.pipeline.digests import digest
from stages.solutions.equations import equations, normalise_text


def fingerprint(kind: str, text: str, extracted: str | None) -> str:
    """A digest that is equal for two texts of one path; for programs, if only blanks differ."""
    if kind in PROGRAM_KINDS:
        return digest(
            "program", strip_blanks(extracted if kind in TESTED_KINDS and extracted else text)
        )
    if ordered := equations(text):
        return digest("equations", *ordered, canonical_answer(extracted))
    return digest("text", normalise_text(text))


def canonical_answer(answer: str | None) -> str | None:
    """An answer in one spelling: "7", "$7", "7.0" and "7 dollars" are one."""
    if answer is None or len(answer) > MAX_ANSWER_CHARS:
        return answer
    tidied = tidy(answer)
    number = read_number(tidied)
    return str(number.value) if number else match_key(tidied)


def strip_blanks(program: str) -> str:
    """A program without blank lines and blanks at line ends."""
    return "\n".join(line.rstrip() for line in program.splitlines() if line.strip())
