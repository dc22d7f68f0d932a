"""Interactive guidance (GSI §5, Appendix D): a teacher explains the mistake, the model revises."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from stages.engines.sampler import Sampler
from stages.guidance.attempt import Attempt, NextPrompt, TailProblem, last_wrong_attempt
from stages.guidance.rounds import Case
from stages.guidance.strategy import GuideContext, Rounds, Strategy
from stages.guidance.teacher import explain, teacher_prompt
from stages.tasks import prompts


def revise(problem: TailProblem, history: Sequence[Attempt], explanation: str) -> NextPrompt:
    """The question with the last wrong attempt and a teacher's explanation of its mistake."""
    wrong = last_wrong_attempt(history)
    prompt = prompts.with_explanation(problem.prompt, wrong.text, explanation)
    return NextPrompt(prompt, hint=explanation, parent=wrong.sample_id)


class InteractiveRounds(Rounds):
    """Asks a teacher about all problems of a round first; records where it gave no explanation."""

    def __init__(self, context: GuideContext) -> None:
        super().__init__(context)
        self._faults: dict[str, list[tuple[int, str]]] = defaultdict(list)

    @cached_property
    def teacher(self) -> Sampler:
        """The teacher, created at its first use."""
        return self.context.make_teacher()

    def faults(self) -> list[tuple[str, str]]:
        """(problem_id, the rounds without an explanation, and the reason in the last of them)."""
        return [
            (name, f"no explanation in round {', '.join(str(n) for n, _ in own)}: {own[-1][1]}")
            for name, own in self._faults.items()
        ]

    def next_prompts(self, cases: Sequence[Case], number: int) -> list[NextPrompt | None]:
        prompts = [teacher_prompt(case.problem, case.history) for case in cases]
        explanations, faults = explain(
            self.teacher, [case.problem for case in cases], prompts, self.context.teacher, number
        )
        for case, fault in zip(cases, faults, strict=True):
            if fault:
                self._faults[case.problem.problem_id].append((number, fault))
        return [
            None if explanation is None else revise(case.problem, case.history, explanation)
            for case, explanation in zip(cases, explanations, strict=True)
        ]


STRATEGY = Strategy(InteractiveRounds)
