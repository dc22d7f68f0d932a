"""Asks a chat model for replies in a given form: asks again for malformed ones, never guesses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.errors import RatchetError
from stages.engines.engine import Completion
from stages.engines.sampler import Sampler
from stages.feedback.reply_json import MalformedError
from stages.models.completion_server import JsonChatSettings

T = TypeVar("T")
SHOWN_CHARS = 80  # of a reply in an error


@dataclass(frozen=True)
class Question(Generic[T]):
    """A prompt about `item`; `read` parses the reply, or raises MalformedError."""

    item: str
    prompt: str
    read: Callable[[str], T]


def ask(
    sampler: Sampler, questions: Sequence[Question[T]], settings: JsonChatSettings
) -> tuple[dict[str, T], list[dict[str, str]]]:
    """(item → parsed reply, rows of `rejects`): each item is in one of them.

    Raises RatchetError if none of the first `max_unusable` replies can be used.
    """
    waiting = list(questions)
    answers: dict[str, T] = {}
    rejects: list[dict[str, str]] = []
    n_replies = 0
    for draw in range(settings.max_tries):
        again: list[Question[T]] = []
        rejects = []
        while waiting:
            n = len(waiting) if answers else settings.max_unusable - n_replies
            group, waiting = waiting[:n], waiting[n:]
            for question, reply in zip(
                group, _replies(sampler, group, draw, settings), strict=True
            ):
                try:
                    answers[question.item] = question.read(reply.text)
                except MalformedError as fault:
                    again.append(question)
                    rejects.append(_reject(question.item, reply, fault, draw + 1, settings.section))
            n_replies += len(group)
            if not answers and n_replies >= settings.max_unusable:
                raise _all_unusable(rejects[-1], n_replies, settings.section)
        waiting = again
    return answers, rejects


def _replies(
    sampler: Sampler, questions: Sequence[Question[T]], draw: int, settings: JsonChatSettings
) -> list[Completion]:
    prompts = [question.prompt for question in questions]
    requests = sampler.requests(prompts, [draw] * len(prompts), settings.sampling)
    return sampler.sample(requests, settings.sampling, settings.section)


def _all_unusable(last: dict[str, str], n_replies: int, who: str) -> RatchetError:
    begins = " ".join(last["content"].split())[:SHOWN_CHARS]
    why = last["reason"].partition("the last ")[2]
    return RatchetError(
        f"none of the first {n_replies} replies of the {who} could be used: the last {why}"
        + (f", and begins {begins!r}" if begins else "")
        + f": set {who}.model or {who}.max_tokens, or raise {who}.max_unusable to go on"
    )


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
