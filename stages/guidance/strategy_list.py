"""The strategies of GSI §5 and brute force (§6.1): from (problem, attempts) to the next request.

Only `interactive` and `adaptive` need more: an explanation (see `teacher`), and the attempts on
other problems (see `adaptive`).
"""

from collections.abc import Sequence

from stages.guidance.attempt import Attempt, NextPrompt, Strategy, TailProblem
from stages.solutions.steps import prompt_prefix
from stages.tasks import prompts


def brute_force(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt:
    """The same question again."""
    return NextPrompt(problem.prompt)


def show_answer(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt:
    """The question with its answer beside it."""
    return NextPrompt(prompts.with_answer(problem.prompt, problem.answer), hint=problem.answer)


def show_rationale(problem: TailProblem, history: Sequence[Attempt]) -> NextPrompt:
    """The question with the gold rationale beside it, as a reference for writing another."""
    gold = "".join(problem.rationale)
    return NextPrompt(prompts.with_rationale(problem.prompt, gold), hint=gold, revealed=1.0)


def revise(problem: TailProblem, history: Sequence[Attempt], explanation: str) -> NextPrompt:
    """The question with the last wrong attempt and a teacher's explanation of its mistake."""
    wrong = last_wrong_attempt(history)
    prompt = prompts.with_explanation(problem.prompt, wrong.text, explanation)
    return NextPrompt(prompt, hint=explanation, parent=wrong.sample_id)


def last_wrong_attempt(history: Sequence[Attempt]) -> Attempt:
    """The attempt to revise; each problem in the tail has a wrong one."""
    return next(attempt for attempt in reversed(history) if not attempt.correct)


def begin_with_steps(problem: TailProblem, shown: int) -> NextPrompt:
    """The answer begun with `shown` gold steps, which the model continues."""
    start = problem.safe_prefixes[shown]
    revealed = problem.share_shown(shown)
    return NextPrompt(problem.prompt + prompt_prefix(start), start, start or None, revealed, shown)


def state_reset(restart: bool) -> Strategy:
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
