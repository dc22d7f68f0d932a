"""Rounds over the tail: in each, one attempt at every problem that is still in it (GSI §6.1)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from stages.engines.sample_rows import sample_rows
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings, grade_frame
from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.tail import GuideSettings, in_tail
from stages.solutions.steps import join_continuation

NextPrompts = Callable[[Sequence["Case"], int], Sequence[NextPrompt | None]]
"""Returns the next request for each problem of a round (numbered from 1); None skips it."""


@dataclass
class Case:
    """A problem in the tail, and its attempts in this iteration."""

    problem: TailProblem
    history: list[Attempt]
    next_draw: int = 0
    """index of the next draw"""
    below: float = 0.5

    @property
    def in_tail(self) -> bool:
        """Whether its solve rate is still too low."""
        return sum(a.correct for a in self.history) / len(self.history) < self.below


def find_tail(
    problems: pl.DataFrame, samples: pl.DataFrame, verdicts: pl.DataFrame, below: float
) -> list[Case]:
    """The sampled problems that are in the tail, in the order of their ids."""
    graded = samples.join(
        verdicts.select("sample_id", correct=pl.col("outcome") == "correct"), on="sample_id"
    ).sort("draw")
    tried = (
        graded.group_by("problem_id")
        .agg("sample_id", "text", "correct", draw=pl.col("draw").max() + 1)
        .with_columns(rate=pl.col("correct").list.mean())
        .filter(in_tail("rate", below))
    )
    rows = tried.join(problems, on="problem_id").sort("problem_id").iter_rows(named=True)
    return [
        Case(
            TailProblem(
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


def run_rounds(
    cases: Sequence[Case],
    ask: NextPrompts,
    sampler: Sampler,
    references: pl.DataFrame,
    settings: GuideSettings,
    grade: GradeSettings,
) -> Iterator[pl.DataFrame]:
    """Yields the graded samples of each round, and adds them to the cases' histories."""
    for number in range(1, settings.max_attempts + 1):
        open_cases = [case for case in cases if case.in_tail]
        if not open_cases:
            return
        next_prompts = ask(open_cases, number)
        chosen = [(c, a) for c, a in zip(open_cases, next_prompts, strict=True) if a is not None]
        if not chosen:
            continue
        prompt_rows = _prompt_rows(chosen, number, settings.strategy).join(
            references, on="problem_id", maintain_order="left"
        )
        completions = sample_rows(sampler, prompt_rows, settings.sampling, f"guide {number}")
        texts = [
            join_continuation(start, text)
            for start, text in completions.select("start", "text").iter_rows()
        ]
        joined = completions.with_columns(pl.Series("text", texts, pl.String))
        graded_samples = grade_frame(joined, grade, compute=sampler.compute)
        graded = graded_samples.select("sample_id", "text", "correct").iter_rows()
        for (case, next_prompt), (name, text, correct) in zip(chosen, graded, strict=True):
            case.history.append(Attempt(name, text, correct, next_prompt.shown))
            case.next_draw += 1
        yield graded_samples


def _prompt_rows(
    chosen: Sequence[tuple[Case, NextPrompt]], number: int, strategy: str
) -> pl.DataFrame:
    rows = [
        {
            "problem_id": case.problem.problem_id,
            "prompt": next_prompt.prompt,
            "start": next_prompt.start,
            "draw": case.next_draw,
            "attempt": number,
            "strategy": strategy,
            "hint": next_prompt.hint,
            "revealed": next_prompt.revealed,
            "parent": next_prompt.parent,
        }
        for case, next_prompt in chosen
    ]
    texts = ["problem_id", "prompt", "start", "strategy", "hint", "parent"]
    schema = dict.fromkeys(texts, pl.String)
    return pl.DataFrame(
        rows,
        schema=schema | {"draw": pl.Int32, "attempt": pl.Int32, "revealed": pl.Float64},
    )
