"""Adaptive reset: the fewest gold steps that do nearly as well as any number.

Ours, after GSI's state reset (§5). How many steps to show is a bandit's choice with ordered arms:
an attempt that succeeded with some steps shown would have succeeded with more, and one that failed
would have failed with fewer.

For a problem, s(l) is the weight of its successes with at most l steps shown and f(l) that of its
failures with at least l. Similar problems give a prior: p(r), the rate of success of problems of
the same level (of any level, if none of this one was tried) with r gold steps left to write. From
the nearest number n of steps that was tried, p(r) = p(n)^(r/n), as if all steps were equally hard,
and no lower than with more steps left. The chance with l of m steps shown is

    (W p(m - l) + s(l)) / (W + s(l) + f(l)).

The next request shows the fewest steps whose chance is at least `aim` times the best one. Unguided
samples count as attempts with no steps shown. The weight of earlier attempts halves with each
iteration.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

import polars as pl

from stages.guidance.attempt import Attempt, NextPrompt, TailProblem, begin_with_steps
from stages.guidance.rounds import Case
from stages.guidance.strategy import GuideContext, Rounds, Strategy

PRIOR_WEIGHT = 4.0
"""The prior counts as much as this many attempts."""
DECAY = 0.5
DEFAULT_STEP_CHANCE = 0.5
"""The chance of writing one step right, before any attempt."""
Counts = dict[int, list[float]]
"""steps → [attempts, successes]"""


class AttemptCounts:
    """Attempts and successes by number of steps shown, for each problem and for similar ones."""

    def __init__(self) -> None:
        self._earlier: dict[str, Counts] = defaultdict(dict)
        self._similar: dict[int | None, Counts] = defaultdict(dict)
        self._all: Counts = {}

    def remember(self, problems: pl.DataFrame, reveals: pl.DataFrame) -> None:
        """Adds the previous iteration's rows of `reveals`, also of problems outside the tail."""
        known = problems.select("problem_id", "level", steps=pl.col("rationale").list.len())
        rows = reveals.join(known, on="problem_id", maintain_order="left")
        rows = rows.filter(pl.col("shown") < pl.col("steps"))
        columns = rows.select("problem_id", "level", "steps", "shown", "tried", "solved")
        for name, level, steps, shown, tried, solved in columns.iter_rows():
            _add(self._earlier[name], shown, DECAY * tried, DECAY * solved)
            self._count(level, steps - shown, DECAY * tried, DECAY * solved)

    def see(self, problem: TailProblem, attempts: Sequence[Attempt]) -> None:
        """Adds new attempts on a problem."""
        for attempt in attempts:
            left = len(problem.rationale) - attempt.shown
            self._count(problem.level, left, 1.0, float(attempt.correct))

    def _count(self, level: int | None, left: int, tried: float, solved: float) -> None:
        _add(self._similar[level], left, tried, solved)
        _add(self._all, left, tried, solved)

    def priors(self, problem: TailProblem) -> list[float]:
        """Similar problems' rate of success with 0, 1, 2, … steps shown; it never falls."""
        steps = len(problem.rationale)
        counts = self._similar[problem.level] or self._all
        rates = (_rate(counts, steps - shown) for shown in range(problem.max_shown + 1))
        return list(accumulate(rates, max))

    def chances(self, problem: TailProblem, history: Sequence[Attempt]) -> list[float]:
        """The estimated chance of a right answer with 0, 1, 2, … steps shown."""
        earlier = self._earlier.get(problem.problem_id, {})
        counts = [(n, tried, solved) for n, (tried, solved) in earlier.items()]
        counts += [(a.shown, 1.0, float(a.correct)) for a in history]
        chances = []
        for shown, prior in enumerate(self.priors(problem)):
            right = sum(solved for n, _, solved in counts if n <= shown)
            wrong = sum(tried - solved for n, tried, solved in counts if n >= shown)
            chances.append((PRIOR_WEIGHT * prior + right) / (PRIOR_WEIGHT + right + wrong))
        return chances


def adaptive_reset(
    problem: TailProblem, history: Sequence[Attempt], attempt_counts: AttemptCounts, aim: float
) -> NextPrompt:
    """Begins the answer with the fewest gold steps that do nearly as well as any number."""
    chances = attempt_counts.chances(problem, history)
    enough = aim * max(chances)
    return begin_with_steps(
        problem, next(n for n, chance in enumerate(chances) if chance >= enough)
    )


def reveal_rows(cases: Sequence[Case], earlier: pl.DataFrame) -> pl.DataFrame:
    """Rows of `reveals`: this iteration's attempts, and earlier ones at half their weight."""
    columns = ["problem_id", "shown", "tried", "solved"]
    old = earlier.select(*columns[:2], pl.col(columns[2:]) * DECAY)
    new = [
        (case.problem.problem_id, attempt.shown, 1.0, float(attempt.correct))
        for case in cases
        for attempt in case.history
    ]
    rows = pl.concat([old, pl.DataFrame(new, schema=old.schema, orient="row")])
    return rows.group_by("problem_id", "shown").agg(pl.col("tried", "solved").sum())


def _rate(counts: Counts, left: int) -> float:
    """The rate of success with `left` steps left, as if all steps were equally hard."""
    if not counts:
        return DEFAULT_STEP_CHANCE**left
    near = min(counts, key=lambda n: (abs(n - left), -n))
    tried, solved = counts[near]
    return float(((solved + 0.5) / (tried + 1)) ** (left / near))


def _add(counts: Counts, n_steps: int, tried: float, solved: float) -> None:
    entry = counts.setdefault(n_steps, [0.0, 0.0])
    entry[0] += tried
    entry[1] += solved


class AdaptiveRounds(Rounds):
    """Shows steps by what all problems have needed so far."""

    def __init__(self, context: GuideContext) -> None:
        super().__init__(context)
        self.attempt_counts = AttemptCounts()
        self.seen = {case.problem.problem_id: 0 for case in context.cases}
        self.attempt_counts.remember(context.problems, context.earlier)
        self.see(context.cases)

    def see(self, cases: Sequence[Case]) -> None:
        """Adds the attempts that are new since the last round."""
        for case in cases:
            name = case.problem.problem_id
            self.attempt_counts.see(case.problem, case.history[self.seen[name] :])
            self.seen[name] = len(case.history)

    def next_prompts(self, cases: Sequence[Case], number: int) -> list[NextPrompt]:
        self.see(cases)
        aim = self.context.settings.aim
        return [adaptive_reset(c.problem, c.history, self.attempt_counts, aim) for c in cases]

    def reveals(self) -> pl.DataFrame:
        return reveal_rows(self.context.cases, self.context.earlier)


STRATEGY = Strategy(AdaptiveRounds, needs_rationale=True)
