"""What a strategy of guidance is: how each round asks, and which problems it has no help for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from schemas.reveals import Reveals
from stages.engines.sampler import Sampler
from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.rounds import Case
from stages.guidance.tail import GuideSettings
from stages.guidance.teacher import TeacherSettings


@dataclass(frozen=True)
class GuideContext:
    """What a strategy may look at: the tail, every problem, rows of `reveals` of before."""

    cases: Sequence[Case]
    problems: pl.DataFrame
    earlier: pl.DataFrame
    settings: GuideSettings
    teacher: TeacherSettings
    make_teacher: Callable[[], Sampler]


class Rounds:
    """The rounds of one strategy in one iteration. A subclass says what they ask."""

    def __init__(self, context: GuideContext) -> None:
        self.context = context

    def next_prompts(self, cases: Sequence[Case], number: int) -> Sequence[NextPrompt | None]:
        """The next requests for the problems of a round (from 1); None: not this time."""
        raise NotImplementedError

    def faults(self) -> list[tuple[str, str]]:
        """(problem_id, why it could not be asked)."""
        return []

    def reveals(self) -> pl.DataFrame:
        """Rows of `reveals`, once all rounds are over."""
        return Reveals.create_empty()


PerProblem = Callable[[TailProblem, Sequence[Attempt]], NextPrompt | None]
"""The next request for a problem, given all that was tried in this iteration; None: no more."""


class PerProblemRounds(Rounds):
    """Asks one problem after another, each by itself."""

    def __init__(self, context: GuideContext, ask: PerProblem) -> None:
        super().__init__(context)
        self.ask = ask

    def next_prompts(self, cases: Sequence[Case], number: int) -> Sequence[NextPrompt | None]:
        return [self.ask(case.problem, case.history) for case in cases]


@dataclass(frozen=True)
class Strategy:
    """One way to help.

    start: the rounds of an iteration. own_samples: ungraded rows of `samples` in place of rounds,
    for which no model is asked. shows_whole_answer: of a kind whose answer is the solution itself.
    """

    start: Callable[[GuideContext], Rounds] = Rounds
    own_samples: Callable[[Sequence[Case]], pl.DataFrame] | None = None
    needs_rationale: bool = False
    shows_whole_answer: bool = False

    def no_help_reason(self, problem: TailProblem, name: str) -> str | None:
        """Why the strategy, called `name`, has no help for a problem; None if it has."""
        if self.needs_rationale and not problem.rationale:
            return f"no gold rationale for guide.strategy={name}"
        if self.shows_whole_answer and problem.kind == "code":
            return (
                f"guide.strategy={name} would show the whole program, which is the answer of code"
            )
        return None


def per_problem(ask: PerProblem) -> Callable[[GuideContext], Rounds]:
    """Rounds that ask one problem after another."""
    return lambda context: PerProblemRounds(context, ask)
