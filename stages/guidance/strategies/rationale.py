"""Rationale-driven guidance (GSI §5): the question with the gold rationale beside it."""

from collections.abc import Sequence

from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.strategy import Strategy, per_problem
from stages.tasks import prompts


def show_rationale(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt:
    """The question with the gold rationale beside it, as a reference for writing another."""
    gold = "".join(problem.rationale)
    return NextPrompt(prompts.with_rationale(problem.prompt, gold), hint=gold, revealed=1.0)


STRATEGY = Strategy(per_problem(show_rationale), needs_rationale=True, shows_whole_answer=True)
