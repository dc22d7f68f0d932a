"""An engine that solves what a test says, and problems in the tail."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from stages.engines.engine import Completion, Request
from stages.grading.grade_frame import GradeSettings
from stages.guidance.teacher import TeacherSettings
from stages.models.sampling import Sampling
from tests.fakes.toy_problems import toy_problems

GRADE = GradeSettings(workers=1, timeout_s=5.0, memory_mb=512, sandbox="bubblewrap")
PROBLEMS = (
    toy_problems()
    .filter(pl.col("split") == "train", ~pl.col("demonstrated"))
    .filter(pl.col("level") >= 3)
)
ANSWERS: dict[str, str] = dict(PROBLEMS.select("prompt", "answer").rows())
Rows = list[dict[str, Any]]


class Scripted:
    """Right where `solves` says so of a request; keeps what it was asked."""

    version = "scripted"

    def __init__(
        self, solves: Callable[[str, int], bool], right: str = "#### {}", wrong: str = "#### -1"
    ) -> None:
        self.solves, self.right, self.wrong = solves, right, wrong
        self.asked: list[str] = []

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        self.asked += [r.text for r in requests]
        return [Completion(self.text(r), 3, -1.0, "stop") for r in requests]

    def text(self, request: Request) -> str:
        if self.solves(request.text, request.draw):
            return self.right.format(self.answer(request.text))
        return self.wrong

    @staticmethod
    def answer(prompt: str) -> str:
        return next(answer for question, answer in ANSWERS.items() if question in prompt)


def teacher_settings(**changes: object) -> TeacherSettings:
    values = {
        "provider": "server", "url": None, "model": "teacher-1", "key_variable": "TEACHER_KEY",
        "concurrency": 1, "timeout_s": 10.0, "retries": 0, "shard_size": 2,
        "temperature": 0.7, "max_tokens": 50, "max_tries": 2,
        "system": None, "stop": [],
    }  # fmt: skip
    return TeacherSettings.model_validate(values | changes)


def plain(right: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Four unguided samples a problem, so many of them right; every other problem has all."""
    rows: Rows = []
    for place, (problem, answer) in enumerate(PROBLEMS.select("problem_id", "answer").rows()):
        for n in range(4):
            good = n < (right if place % 2 else 4)
            rows.append(
                {
                    "sample_id": f"{problem}-{n}", "problem_id": problem, "strategy": "unguided",
                    "draw": n, "attempt": 0, "text": f"#### {answer if good else -1}",
                    "outcome": "correct" if good else "wrong",
                }
            )  # fmt: skip
    frame = pl.DataFrame(rows)
    return frame, frame.select("sample_id", "outcome")


TAIL = PROBLEMS["problem_id"].to_list()[1::2]

Guided = Callable[..., dict[str, pl.DataFrame]]
