"""Brute force (GSI §6.1): the same question again, unguided."""

from collections.abc import Sequence

from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.strategy import Strategy, per_problem


def brute_force(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt:
    """The same question again."""
    return NextPrompt(problem.prompt)


STRATEGY = Strategy(per_problem(brute_force))
