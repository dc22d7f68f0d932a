"""State reset (GSI §5): the answer begins with gold steps, one more after each failure."""

from collections.abc import Sequence

from stages.guidance.attempt import Attempt, NextPrompt, TailProblem, begin_with_steps
from stages.guidance.strategy import PerProblem, PerProblemRounds, Strategy


def state_reset(restart: bool) -> PerProblem:
    """The answer begun with gold steps: one more after each failure, as many after a success.

    After a failure with all steps that may be shown, the bare question follows or, without
    `restart`, nothing. Steps are those of the rationale; no tokenizer is involved.
    """

    def reset(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt | None:
        guided = [attempt for attempt in history if attempt.guided]
        if not guided:
            shown = 1
        elif guided[-1].correct:
            shown = guided[-1].shown
        else:
            shown = guided[-1].shown + 1
        if shown <= problem.max_shown:
            return begin_with_steps(problem, shown)
        return begin_with_steps(problem, 0) if restart else None

    return reset


STRATEGY = Strategy(
    lambda context: PerProblemRounds(context, state_reset(context.settings.restart)),
    needs_rationale=True,
)
