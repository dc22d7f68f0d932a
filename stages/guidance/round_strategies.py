"""Strategies for a whole round: they choose the requests for all its problems together."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property

import polars as pl

from stages.engines.sampler import Sampler
from stages.guidance.adaptive import AttemptCounts, adaptive_reset
from stages.guidance.attempt import NextPrompt, Strategy
from stages.guidance.rounds import Case, RoundStrategy
from stages.guidance.strategy_list import revise
from stages.guidance.teacher import TeacherSettings, explain, teacher_prompt


def per_problem_strategy(strategy: Strategy) -> RoundStrategy:
    """A round strategy that treats each problem by itself."""
    return lambda cases, number: [strategy(case.problem, case.history) for case in cases]


class TeacherGuided:
    """Asks a teacher about all problems of a round first; records where it gave no explanation."""

    def __init__(self, make_teacher: Callable[[], Sampler], settings: TeacherSettings) -> None:
        self.make_teacher, self.settings = make_teacher, settings
        self._faults: dict[str, list[tuple[int, str]]] = defaultdict(list)

    @cached_property
    def teacher(self) -> Sampler:
        """The teacher, created at its first use."""
        return self.make_teacher()

    def faults(self) -> list[tuple[str, str]]:
        """(problem_id, the rounds without an explanation, and the reason in the last of them)."""
        return [
            (name, f"no explanation in round {', '.join(str(n) for n, _ in own)}: {own[-1][1]}")
            for name, own in self._faults.items()
        ]

    def __call__(self, cases: Sequence[Case], number: int) -> list[NextPrompt | None]:
        prompts = [teacher_prompt(case.problem, case.history) for case in cases]
        explanations, faults = explain(
            self.teacher, [case.problem for case in cases], prompts, self.settings, number
        )
        for case, fault in zip(cases, faults, strict=True):
            if fault:
                self._faults[case.problem.problem_id].append((number, fault))
        return [
            None if explanation is None else revise(case.problem, case.history, explanation)
            for case, explanation in zip(cases, explanations, strict=True)
        ]


class AdaptiveReset:
    """Shows steps by what all problems have needed so far."""

    def __init__(
        self, cases: Sequence[Case], problems: pl.DataFrame, earlier: pl.DataFrame, aim: float
    ) -> None:
        self.attempt_counts, self.aim = AttemptCounts(), aim
        self.seen = {case.problem.problem_id: 0 for case in cases}
        self.attempt_counts.remember(problems, earlier)
        self.see(cases)

    def see(self, cases: Sequence[Case]) -> None:
        """Adds the attempts that are new since the last round."""
        for case in cases:
            name = case.problem.problem_id
            self.attempt_counts.see(case.problem, case.history[self.seen[name] :])
            self.seen[name] = len(case.history)

    def __call__(self, cases: Sequence[Case], number: int) -> list[NextPrompt]:
        self.see(cases)
        return [adaptive_reset(c.problem, c.history, self.attempt_counts, self.aim) for c in cases]
