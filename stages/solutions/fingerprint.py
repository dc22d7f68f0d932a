"""What makes two texts one reasoning path (RFT's key; SIPF §2.1)."""

from collections.abc import Iterator

import polars as pl

from stages.grading.mathematics.notation import MAX_ANSWER_CHARS, match_key, tidy
from stages.grading.mathematics.numbers import read_number
from stages.grading.reference import PROGRAM_KINDS, TESTED_KINDS
from stages.pipeline.digests import SEPARATOR, digest
from stages.solutions.equations import equations, normalise_text

SLICE = 1 << 16  # solutions at once, which bounds the memory


def fingerprints(solutions: pl.DataFrame) -> list[str]:
    """A digest of each solution (kind, text, extracted), equal for two that take one path.

    Those of two programs are equal if only blanks differ.
    """
    return [made for rows in solutions.iter_slices(SLICE) for made in _fingerprints(rows)]


def _fingerprints(rows: pl.DataFrame) -> Iterator[str]:
    ordered = equations(rows["text"]).list.join(SEPARATOR)
    answers = {answer: canonical_answer(answer) for answer in rows["extracted"].unique()}
    columns = rows["kind"], rows["text"], rows["extracted"], ordered
    for kind, text, extracted, joined in zip(*columns, strict=True):
        if kind in PROGRAM_KINDS:
            own = extracted if kind in TESTED_KINDS and extracted else text
            yield digest("program", strip_blanks(own))
        elif joined:
            yield digest("equations", joined, answers[extracted])
        else:
            yield digest("text", normalise_text(text))


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
