"""The values that guidance works on: a hard problem, its attempts, and the next prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from stages.guidance.shown_steps import safe_prefixes


@dataclass(frozen=True)
class TailProblem:
    """A problem in the tail."""

    problem_id: str
    prompt: str
    question: str
    answer: str
    kind: str = "math"
    options: tuple[str, ...] = ()
    rationale: tuple[str, ...] = ()
    level: int | None = None

    @cached_property
    def safe_prefixes(self) -> list[str]:
        """The first 0, 1, 2, … steps of the gold rationale, as far as they may be shown."""
        return safe_prefixes(self.rationale, self.answer, self.options, self.kind)

    @property
    def max_shown(self) -> int:
        """How many steps may be shown."""
        return len(self.safe_prefixes) - 1

    def share_shown(self, shown: int) -> float:
        """The share of the rationale's characters that are in its first `shown` steps."""
        return len(self.safe_prefixes[shown]) / len("".join(self.rationale)) if shown else 0.0


@dataclass(frozen=True)
class Attempt:
    """One sample of a problem, begun with `shown` gold steps. Unguided ones come first."""

    sample_id: str
    text: str
    correct: bool
    shown: int = 0
    guided: bool = True


@dataclass(frozen=True)
class NextPrompt:
    """What the model continues: the prompt, then the start of the sample's text.

    hint: the shown part of the answer or rationale; `revealed`: the share of the rationale shown.
    parent: the sample that this one revises.
    """

    prompt: str
    start: str = ""
    hint: str | None = None
    revealed: float = 0.0
    shown: int = 0
    parent: str | None = None


def last_wrong_attempt(history: Sequence[Attempt]) -> Attempt:
    """The attempt to revise; each problem in the tail has a wrong one."""
    return next(attempt for attempt in reversed(history) if not attempt.correct)


def begin_with_steps(problem: TailProblem, shown: int) -> NextPrompt:
    """The answer begun with `shown` gold steps, which the model continues."""
    start = problem.safe_prefixes[shown]
    revealed = problem.share_shown(shown)
    return NextPrompt(problem.prompt, start, start or None, revealed, shown)
