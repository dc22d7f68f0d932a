"""What a round asks: the strategies that look at all problems of it together."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property

import polars as pl

from stages.engines.sampler import Drawer
from stages.guidance.adaptive import Evidence, adaptive
from stages.guidance.attempt import Ask, Strategy
from stages.guidance.rounds import Asking, Case
from stages.guidance.strategy_list import revise
from stages.guidance.teacher import TeacherSettings, explain, lesson


def each(strategy: Strategy) -> Asking:
    """Asks one problem after another."""
    return lambda cases, number: [strategy(case.problem, case.history) for case in cases]


class Taught:
    """Asks a teacher about all problems of a round first; keeps where and why none came."""

    def __init__(self, teaching: Callable[[], Drawer], settings: TeacherSettings) -> None:
        self.teaching, self.settings = teaching, settings
        self._faults: dict[str, list[tuple[int, str]]] = defaultdict(list)

    @cached_property
    def teacher(self) -> Drawer:
        """Its settings are looked at when it is first needed."""
        return self.teaching()

    def faults(self) -> list[tuple[str, str]]:
        """(problem_id, in which rounds it got no explanation, and why not in the last of them)."""
        return [
            (name, f"no explanation in round {', '.join(str(n) for n, _ in found)}: {found[-1][1]}")
            for name, found in self._faults.items()
        ]

    def __call__(self, cases: Sequence[Case], number: int) -> list[Ask | None]:
        lessons = [lesson(case.problem, case.history) for case in cases]
        explained, faults = explain(
            self.teacher, [case.problem for case in cases], lessons, self.settings, number
        )
        for case, fault in zip(cases, faults, strict=True):
            if fault:
                self._faults[case.problem.problem_id].append((number, fault))
        return [
            None if said is None else revise(case.problem, case.history, said)
            for case, said in zip(cases, explained, strict=True)
        ]


class Adaptive:
    """Asks with what all problems needed so far in view."""

    def __init__(
        self, cases: Sequence[Case], problems: pl.DataFrame, earlier: pl.DataFrame, aim: float
    ) -> None:
        self.evidence, self.aim = Evidence(), aim
        self.seen = {case.problem.problem_id: 0 for case in cases}
        self.evidence.remember(problems, earlier)
        self.see(cases)

    def see(self, cases: Sequence[Case]) -> None:
        """Takes in the attempts that are new since the last round."""
        for case in cases:
            name = case.problem.problem_id
            self.evidence.see(case.problem, case.history[self.seen[name] :])
            self.seen[name] = len(case.history)

    def __call__(self, cases: Sequence[Case], number: int) -> list[Ask]:
        self.see(cases)
        return [adaptive(c.problem, c.history, self.evidence, self.aim) for c in cases]
