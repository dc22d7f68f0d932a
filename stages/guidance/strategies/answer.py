"""Answer-driven guidance (GSI §5): the question with its answer beside it."""

from collections.abc import Sequence

from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.strategy import Strategy, per_problem
from stages.tasks import prompts


def show_answer(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt:
    """The question with its answer beside it."""
    return NextPrompt(prompts.with_answer(problem.prompt, problem.answer), hint=problem.answer)


STRATEGY = Strategy(per_problem(show_answer), shows_whole_answer=True)
