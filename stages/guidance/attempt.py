"""What guidance works on: a hard problem, what was tried, and what to ask next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from stages.guidance.shown_steps import safe_prefixes
from stages.solutions.steps import prompt_prefix


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
        """The gold rationale to the end of step 0 (nothing), 1, 2, … as far as may be shown."""
        return safe_prefixes(self.rationale, self.answer, self.options, self.kind)

    @property
    def max_shown(self) -> int:
        """How many steps may be shown."""
        return len(self.safe_prefixes) - 1

    def share_shown(self, shown: int) -> float:
        """The share of the rationale's characters that so many steps are."""
        return len(self.safe_prefixes[shown]) / len("".join(self.rationale)) if shown else 0.0


@dataclass(frozen=True)
class Attempt:
    """One sample of a problem; `shown` gold steps begin it. The unguided ones come first."""

    sample_id: str
    text: str
    correct: bool
    shown: int = 0
    guided: bool = True


@dataclass(frozen=True)
class NextPrompt:
    """What the model is to continue: the prompt, and after it the start of the sample's text.

    hint: what was shown of the answer or of the rationale; `revealed` is its share of the latter.
    parent: the sample that this one revises.
    """

    prompt: str
    start: str = ""
    hint: str | None = None
    revealed: float = 0.0
    shown: int = 0
    parent: str | None = None


def last_wrong_attempt(history: Sequence[Attempt]) -> Attempt:
    """What is revised. A problem of which nothing is wrong is not in the tail."""
    return next(attempt for attempt in reversed(history) if not attempt.correct)


def begin_with_steps(problem: TailProblem, shown: int) -> NextPrompt:
    """The answer begun with so many gold steps, which the model goes on from."""
    start = problem.safe_prefixes[shown]
    revealed = problem.share_shown(shown)
    return NextPrompt(problem.prompt + prompt_prefix(start), start, start or None, revealed, shown)
