"""Votes count values, not spellings: 1/2 and 0.5 are one answer (Maj@k)."""

from collections import defaultdict
from itertools import combinations

import polars as pl

from stages.grading.grade import Job, compare_all
from stages.grading.grade_frame import GradeSettings
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import TESTED_KINDS, Reference


def add_values(answers: pl.DataFrame, settings: GradeSettings) -> pl.DataFrame:
    """The frame with `value`: the first drawn of the answers that equal a row's, null without one.

    Right answers to a problem are equal. Two wrong ones are if one of them would be right with the
    other as the reference. Solutions that tests judge are equal if their texts are.
    """
    stated = answers.filter(pl.col("extracted").is_not_null()).sort("draw", maintain_order=True)
    spellings: dict[str, list[str]] = defaultdict(list)  # of a problem, the first drawn first
    right: dict[str, str] = {}
    kinds: dict[str, tuple[str, tuple[str, ...]]] = {}
    value_of: dict[tuple[str, str], str] = {}
    for problem, kind, options, answer, correct in stated.select(
        "problem_id", "kind", "options", "extracted", "correct"
    ).rows():
        kinds[problem] = kind, tuple(options)
        if correct and kind not in TESTED_KINDS:
            value_of[problem, answer] = right.setdefault(problem, answer)
        elif answer not in spellings[problem]:
            spellings[problem].append(answer)
    for problem, answers_to in _merge_equal(spellings, kinds, settings).items():
        value_of |= {(problem, answer): value for answer, value in answers_to.items()}
    values = [
        value_of.get((problem, answer)) if answer is not None else None
        for problem, answer in answers.select("problem_id", "extracted").rows()
    ]
    return answers.with_columns(pl.Series("value", values, pl.String))


def _merge_equal(
    spellings: dict[str, list[str]],
    kinds: dict[str, tuple[str, tuple[str, ...]]],
    settings: GradeSettings,
) -> dict[str, dict[str, str]]:
    """Problem → answer → the first of those that equal it."""
    pairs = [
        (problem, first, other)
        for problem, written in spellings.items()
        if kinds[problem][0] not in TESTED_KINDS
        for first, other in combinations(written, 2)
    ]
    jobs: list[Job] = []
    for problem, first, other in pairs:
        kind, options = kinds[problem]
        printed = "choice" if options else "math"
        jobs.append((printed if kind == "program" else kind, Reference(first, options), other))
    limits = Limits(settings.timeout_s, settings.memory_mb)
    verdicts = compare_all(jobs, workers=settings.workers, limits=limits)
    values = {
        problem: {answer: answer for answer in written} for problem, written in spellings.items()
    }
    for (problem, first, other), verdict in zip(pairs, verdicts, strict=True):
        own = values[problem]
        if verdict.outcome == "correct" and own[other] == other:
            own[other] = own[first]
    return values
