"""Round by round over the tail: one attempt at each problem that is still in it (GSI 3.2)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from stages.engines.engine import Sampling
from stages.engines.sample_rows import draw_rows
from stages.engines.sampler import Drawer
from stages.grading.grade_frame import GradeSettings, grade_frame
from stages.guidance.attempt import Ask, Attempt, Hard
from stages.guidance.tail import GuideSettings, in_tail
from stages.solutions.steps import go_on

Asking = Callable[[Sequence["Case"], int], Sequence[Ask | None]]
"""The next requests for the problems of a round (its number from 1); None: not this time."""


@dataclass
class Case:
    """A problem in the tail, and all that was tried in this iteration."""

    problem: Hard
    history: list[Attempt]
    draw: int = 0
    """index of the next draw"""
    below: float = 0.5

    @property
    def in_tail(self) -> bool:
        """Is it solved too rarely still."""
        return sum(a.correct for a in self.history) / len(self.history) < self.below


def find_tail(
    problems: pl.DataFrame, samples: pl.DataFrame, verdicts: pl.DataFrame, below: float
) -> list[Case]:
    """The problems drawn for that are in the tail, in the order of their ids."""
    judged = samples.join(
        verdicts.select("sample_id", correct=pl.col("outcome") == "correct"), on="sample_id"
    ).sort("draw")
    tried = (
        judged.group_by("problem_id")
        .agg("sample_id", "text", "correct", draw=pl.col("draw").max() + 1)
        .with_columns(rate=pl.col("correct").list.mean())
        .filter(in_tail("rate", below))
    )
    rows = tried.join(problems, on="problem_id").sort("problem_id").iter_rows(named=True)
    return [
        Case(
            Hard(
                problem_id=row["problem_id"],
                prompt=row["prompt"],
                question=row["question"],
                answer=row["answer"],
                kind=row["kind"],
                options=tuple(row["options"]),
                rationale=tuple(row["rationale"]),
                level=row["level"],
            ),
            [
                Attempt(*sample, guided=False)
                for sample in zip(row["sample_id"], row["text"], row["correct"], strict=True)
            ],
            row["draw"],
            below,
        )
        for row in rows
    ]


def attempts(
    cases: Sequence[Case],
    ask: Asking,
    drawer: Drawer,
    references: pl.DataFrame,
    settings: GuideSettings,
    grade: GradeSettings,
) -> Iterator[pl.DataFrame]:
    """Yields the graded samples of each round; the cases' histories grow with them."""
    sampling = Sampling(settings.temperature, settings.top_p, settings.max_tokens)
    for number in range(1, settings.attempts + 1):
        open_cases = [case for case in cases if case.in_tail]
        if not open_cases:
            return
        asks = ask(open_cases, number)
        chosen = [(c, a) for c, a in zip(open_cases, asks, strict=True) if a is not None]
        if not chosen:
            continue
        asked = _rows(chosen, number, settings.by).join(
            references, on="problem_id", maintain_order="left"
        )
        drawn = draw_rows(drawer, asked, sampling, f"guide {number}")
        texts = [go_on(start, text) for start, text in drawn.select("start", "text").iter_rows()]
        whole = drawn.with_columns(pl.Series("text", texts, pl.String))
        done = grade_frame(whole, grade, compute=drawer.compute)
        graded = done.select("sample_id", "text", "correct").iter_rows()
        for (case, asking), (name, text, correct) in zip(chosen, graded, strict=True):
            case.history.append(Attempt(name, text, correct, asking.shown))
            case.draw += 1
        yield done


def _rows(chosen: Sequence[tuple[Case, Ask]], number: int, strategy: str) -> pl.DataFrame:
    rows = [
        {
            "problem_id": case.problem.problem_id,
            "prompt": ask.prompt,
            "start": ask.start,
            "draw": case.draw,
            "attempt": number,
            "strategy": strategy,
            "hint": ask.hint,
            "revealed": ask.revealed,
            "parent": ask.parent,
        }
        for case, ask in chosen
    ]
    texts = ["problem_id", "prompt", "start", "strategy", "hint", "parent"]
    schema = dict.fromkeys(texts, pl.String)
    return pl.DataFrame(
        rows,
        schema=schema | {"draw": pl.Int32, "attempt": pl.Int32, "revealed": pl.Float64},
    )
