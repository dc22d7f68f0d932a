"""A problem of the tail, and attempts at it."""

from stages.guidance.attempt import Attempt, NextPrompt, TailProblem

STEPS = ("3 + 4 = 7\n", "7 * 2 = 14\n", "14 + 4 = 18\n", "#### 18")

HARD = TailProblem(
    "p", "Q: 3 + 4, twice, and 4?\nA:\n", "3 + 4, twice, and 4?", "18", rationale=STEPS
)
WRONG = Attempt("u1", "3 + 4 = 8\n#### 8", False, guided=False)
RIGHT = Attempt("u2", "#### 18", True, guided=False)


def tried(*outcomes: tuple[int, bool]) -> list[Attempt]:
    """Two unguided samples, then attempts with so many steps shown."""
    rows = [Attempt(f"g{n}", "text", good, shown) for n, (shown, good) in enumerate(outcomes)]
    return [RIGHT, WRONG, *rows]


def begun(shown: int) -> NextPrompt:
    start = "".join(STEPS[:shown])
    share = len(start) / len("".join(STEPS))
    return NextPrompt(HARD.prompt, start, start or None, share if shown else 0.0, shown)
