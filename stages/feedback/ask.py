"""Asks a chat model for replies in a given form: asks again for malformed ones, never guesses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stages.engines.engine import Completion
from stages.engines.sampler import Sampler
from stages.feedback.reply_json import MalformedError
from stages.models.sampling import Sampling

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """A prompt about `item`; `read` parses the reply, or raises MalformedError."""

    item: str
    prompt: str
    read: Callable[[str], T]


def ask(
    sampler: Sampler, questions: Sequence[Question[T]], sampling: Sampling, tries: int, who: str
) -> tuple[dict[str, T], list[dict[str, str]]]:
    """(item → parsed reply, rows of `rejects`): each item is in one of them.

    `who`: the section whose max_tokens applies, which also names the model in a reject.
    """
    waiting = list(questions)
    answers: dict[str, T] = {}
    rejects: list[dict[str, str]] = []
    for draw in range(tries):
        if not waiting:
            break
        requests = sampler.requests([q.prompt for q in waiting], [draw] * len(waiting), sampling)
        again, rejects = [], []
        for question, reply in zip(waiting, sampler.sample(requests, sampling, who), strict=True):
            try:
                answers[question.item] = question.read(reply.text)
            except MalformedError as fault:
                again.append(question)
                rejects.append(_reject(question.item, reply, fault, draw + 1, who))
        waiting = again
    return answers, rejects


def _reject(
    item: str, reply: Completion, fault: MalformedError, tries: int, who: str
) -> dict[str, str]:
    """A row of `rejects`: `tries` replies about the item were unusable, `reply` is the last."""
    reasons = {
        "length": f"was cut off at {who}.max_tokens",
        "refused": "never came: the server refuses the request (too long, or filtered)",
    }
    why = reasons.get(reply.finish, str(fault))
    reason = f"{tries} replies of the {who} were unusable: the last {why}"
    return {"item": item, "reason": reason, "content": reply.text[:500]}
