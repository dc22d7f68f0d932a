"""Further problems of the run's task, from which a helper or the base learns before the run."""

import polars as pl

from schemas.errors import RatchetError
from stages.tasks.task import TaskSettings, load_task


def further_problems(
    task: TaskSettings, count: int, seed: int, problems: pl.DataFrame, setting: str, instead: str
) -> pl.DataFrame:
    """`count` problems of each level (question, prompt, steps), without the run's own `problems`.

    Raises RatchetError that names `setting`, which asks for them, and what to set `instead`, if
    the task can't make more.
    """
    more = [
        (p.question, p.prompt, p.rationale)
        for p in load_task(task.name).more_problems(task, count, seed)
    ]
    if not more:
        raise RatchetError(
            f"{setting}, but task.name={task.name} can't make more problems: {instead}"
        )
    frame = pl.DataFrame(more, schema=["question", "prompt", "steps"], orient="row")
    return frame.join(problems, on="question", how="anti", maintain_order="left")
