"""How much of a gold rationale a state reset (GSI §5) may show: no step that states the answer.

The last step is never shown. Of a program, nothing from the first line that prints is shown, and no
line that states what it prints, comments included; of code, where the program itself is the answer,
nothing from the last line that returns is shown.
"""

import re
from collections.abc import Sequence

from stages.grading.reference import TESTED_KINDS
from stages.guidance.answer_leak import states_answer

_PRINTS = re.compile(r"\bprint\s*\(")
_RETURNS = re.compile(r"\b(?:return|yield|print)\b")


def safe_prefixes(
    rationale: Sequence[str], answer: str, options: Sequence[str] = (), kind: str = "math"
) -> list[str]:
    """The first 0, 1, 2, … steps of the rationale, up to the one that states the answer."""
    prefixes = [""]
    for step in rationale[: _max_steps(rationale, kind)]:
        text = prefixes[-1] + step
        if kind not in TESTED_KINDS and states_answer(text, answer, options):
            break
        prefixes.append(text)
    return prefixes


def _max_steps(rationale: Sequence[str], kind: str) -> int:
    """How many steps may be shown at most, whatever they state."""
    last = max(len(rationale) - 1, 0)
    pattern = {"program": _PRINTS, "code": _RETURNS, "stdin": _RETURNS}.get(kind)
    indices = [n for n, step in enumerate(rationale) if pattern and pattern.search(step)]
    if not indices:
        return last
    return min(last, indices[0] if kind == "program" else indices[-1])
