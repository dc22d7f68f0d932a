"""GSM8K: grade-school word problems. A rationale is lines and then «#### answer»."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from stages.tasks import source
from stages.tasks.task import Fault, Problem, Task, TaskSettings

ANNOTATION = re.compile(r"<<[^<>]*>>")


class Gsm8kSettings(TaskSettings):
    """Section `task` of GSM8K: a local file or a dataset id for each split."""

    section: ClassVar[str] = "task"
    train: str
    test: str
    n_train: int | None = Field(ge=1)
    n_test: int | None = Field(ge=1)
    annotations: bool


class Gsm8k(Task):
    """Rows are {question, answer}; the level is the number of reasoning lines."""

    settings = Gsm8kSettings

    def problems(self, settings: Gsm8kSettings, seed: int) -> Iterator[Problem | Fault]:
        """Every row of both splits, in file order; the first `n_train` and `n_test` usable."""
        for split, where, limit in (
            ("train", settings.train, settings.n_train),
            ("test", settings.test, settings.n_test),
        ):
            count = 0
            for item in source.rows(where, split, f"task.{split}"):
                if limit is not None and count >= limit:
                    break
                problem = item if isinstance(item, Fault) else self._problem(*item, split, settings)
                count += isinstance(problem, Problem)
                yield problem

    def _problem(
        self, place: str, row: dict[str, Any], split: str, settings: Gsm8kSettings
    ) -> Problem | Fault:
        for name in ("question", "answer"):
            if source.text_field(row, name) is None:
                return Fault(place, source.why_not(row, name), str(row)[:500])
        text = row["answer"].strip()
        if not settings.annotations:
            text = ANNOTATION.sub("", text)
        body, marker, answer = text.rpartition("#### ")
        if not marker or not answer.strip():
            return Fault(place, "answer has no «#### » line with a value", text[:500])
        given = row.get("id")
        return Problem(
            row=place,
            split=split,  # type: ignore[arg-type]
            question=row["question"].strip(),
            answer=answer.strip(),
            prompt=f"Question: {row['question'].strip()}\nAnswer:\n",
            rationale=self.split(text),
            demonstrated=split == "train",
            level=max(1, len(self.split(body))),
            problem_id=str(given) if given is not None else None,
        )


TASK = Gsm8k()
