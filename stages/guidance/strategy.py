"""What a guidance strategy is: its requests in each round, and the problems it can't help."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from schemas.reveals import Reveals
from stages.engines.sampler import Sampler
from stages.grading.reference import TESTED_KINDS
from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.rounds import Case
from stages.guidance.tail import GuideSettings
from stages.guidance.teacher import TeacherSettings


@dataclass(frozen=True)
class GuideContext:
    """What a strategy may use: the tail's cases, all problems, and earlier rows of `reveals`."""

    cases: Sequence[Case]
    problems: pl.DataFrame
    earlier: pl.DataFrame
    settings: GuideSettings
    teacher: TeacherSettings
    make_teacher: Callable[[], Sampler]


class Rounds:
    """The rounds of one strategy in one iteration. A subclass chooses their requests."""

    def __init__(self, context: GuideContext) -> None:
        self.context = context

    def next_prompts(self, cases: Sequence[Case], number: int) -> Sequence[NextPrompt | None]:
        """The next request for each problem of a round (numbered from 1); None skips it."""
        raise NotImplementedError

    def faults(self) -> list[tuple[str, str]]:
        """(problem_id, why there was no request for it)."""
        return []

    def reveals(self) -> pl.DataFrame:
        """Rows of `reveals`, after all rounds."""
        return Reveals.create_empty()


PerProblem = Callable[[TailProblem, Sequence[Attempt]], NextPrompt | None]
"""Returns the next request for a problem, given its attempts in this iteration; None: no more."""


class PerProblemRounds(Rounds):
    """Rounds that treat each problem by itself."""

    def __init__(self, context: GuideContext, ask: PerProblem) -> None:
        super().__init__(context)
        self.ask = ask

    def next_prompts(self, cases: Sequence[Case], number: int) -> Sequence[NextPrompt | None]:
        return [self.ask(case.problem, case.history) for case in cases]


@dataclass(frozen=True)
class Strategy:
    """One way to help.

    start: begins the rounds of an iteration. own_samples: ungraded rows of `samples`, made without
    rounds or a model. shows_whole_answer: it would show code, whose answer is the program itself.
    """

    start: Callable[[GuideContext], Rounds] = Rounds
    own_samples: Callable[[Sequence[Case]], pl.DataFrame] | None = None
    needs_rationale: bool = False
    shows_whole_answer: bool = False

    def no_help_reason(self, problem: TailProblem, name: str) -> str | None:
        """Why the strategy, called `name`, can't help with a problem; None if it can."""
        if self.needs_rationale and not problem.rationale:
            return f"no gold rationale for guide.strategy={name}"
        if self.shows_whole_answer and problem.kind in TESTED_KINDS:
            return (
                f"guide.strategy={name} would show the whole program, which is the answer of code"
            )
        return None


def per_problem(ask: PerProblem) -> Callable[[GuideContext], Rounds]:
    """A `start` whose rounds treat each problem by itself."""
    return lambda context: PerProblemRounds(context, ask)
