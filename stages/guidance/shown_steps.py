"""How much of a gold rationale may be shown: never a step that states the answer (GSI 3.3).

The last step is never shown. Of a program that is nothing from the first line that prints on, and
no line that states what it prints, its comments included; of code, where the program itself is the
answer, nothing from the last line that returns on.
"""

import re
from collections.abc import Sequence

from stages.guidance.answer_leak import states_answer

_PRINTS = re.compile(r"\bprint\s*\(")
_RETURNS = re.compile(r"\b(?:return|yield|print)\b")


def safe_prefixes(
    rationale: Sequence[str], answer: str, options: Sequence[str] = (), kind: str = "math"
) -> list[str]:
    """The rationale to the end of its first 0, 1, 2, … steps, as far as no answer stands in it."""
    found = [""]
    for step in rationale[: _max_steps(rationale, kind)]:
        text = found[-1] + step
        if kind != "code" and states_answer(text, answer, options):
            break
        found.append(text)
    return found


def _max_steps(rationale: Sequence[str], kind: str) -> int:
    """How many steps there are to show, whatever they state."""
    last = max(len(rationale) - 1, 0)
    pattern = {"program": _PRINTS, "code": _RETURNS}.get(kind)
    indices = [n for n, step in enumerate(rationale) if pattern and pattern.search(step)]
    if not indices:
        return last
    return min(last, indices[0] if kind == "program" else indices[-1])
