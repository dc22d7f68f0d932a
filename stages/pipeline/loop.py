"""The loop of a run, unrolled: DVC's graphs have no cycles, so each iteration has its own stages.

Section `loop` of params.yaml has it, made from `iteration` when conf/ is composed; each `foreach`
of the DVC files in data/, models/ and measured/ follows it. Standard library only: DVC's process
imports it too.
"""

from typing import Any

SECTION = "loop"
LONGEST = 999  # iterations; long before, DVC takes minutes to read its files


def unroll(iteration: int) -> dict[str, Any]:
    """Section `loop`: turns, each with the iteration before it, and models, M₀ too.

    Names are text, as DVC wants them. A number that no run can have gives no turns.
    """
    last = iteration if type(iteration) is int and 0 < iteration <= LONGEST else 0
    turns = {str(k): {"prev": k - 1} for k in range(1, last + 1)}
    return {"turns": turns, "models": list(range(last + 1))}
