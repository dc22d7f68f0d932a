"""Checks of the rows before training starts; a failed one stops the run and names rows.

Each check is for one fault that would silently train the model on something else than intended.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence

from schemas.errors import RatchetError
from stages.models.tokens import Encoded, Encoder

Check = Callable[[Encoder, str, str, Encoded], bool]


def moved_boundary(encoder: Encoder, prompt: str, start: str, row: Encoded) -> bool:
    """The prompt's last token changes when the completion follows: sampling saw another one."""
    return row.ids[: row.n_prompt] != encoder.encode_prompt(prompt, start)[: len(row.ids)]


def missing_end(encoder: Encoder, prompt: str, start: str, row: Encoded) -> bool:
    """The text ends here, but no token says so: the model would not learn to stop."""
    return row.ends and not row.truncated and encoder.end_token is None


def all_masked(encoder: Encoder, prompt: str, start: str, row: Encoded) -> bool:
    """No token of the completion is left to learn from."""
    return row.n_prompt >= len(row.ids)


CHECKS: list[tuple[Check, str, float]] = [  # the check, its message, the share of rows allowed
    (all_masked, "have no completion within max_length={max_length}: raise max_length", 0),
    # a sample may begin with a blank that joins the prompt's last one: rare, so only reported
    (moved_boundary, "have a token across the end of the prompt: end it where a token ends", 0.01),
    (missing_end, "have no token to end with: the tokenizer has lost its eos_token, fix it", 0),
]


def check_rows(
    encoder: Encoder,
    prompts: Sequence[tuple[str, str]],
    rows: Sequence[Encoded],
    names: Sequence[str],
    max_length: int,
) -> int:
    """Stops training on faulty rows; prints and returns how many are cut short.

    prompts: each row's prompt, and the start of the answer that belongs to the prompt. Raises
    RatchetError with the fault, the count and three of the rows' ids (`names`).
    """
    for check, fault, share in CHECKS:
        found = [
            name
            for name, (prompt, start), row in zip(names, prompts, rows, strict=True)
            if check(encoder, prompt, start, row)
        ]
        if len(found) > share * len(rows):
            examples = ", ".join(found[:3])
            raise RatchetError(
                f"{len(found)} training rows {fault.format(max_length=max_length)} ({examples})"
            )
        if found:
            print(f"{len(found)} of {len(rows)} training rows {fault}", file=sys.stderr)
    cut = sum(row.truncated for row in rows)
    if cut:
        message = f"{cut} of {len(rows)} training rows are cut at max_length={max_length} tokens"
        print(message, file=sys.stderr)
    return cut


def mismatched_partners(prompts: Sequence[str]) -> list[int]:
    """For each row the index of a row with a different prompt, for the KL baseline (KTO §4.1).

    Rows of one prompt are often neighbours, and a completion under its own prompt says nothing
    about the baseline. Raises RatchetError if more than half of the rows have one prompt.
    """
    order = sorted(range(len(prompts)), key=lambda i: prompts[i])
    [(worst, longest)] = Counter(prompts).most_common(1)
    if 2 * longest > len(prompts):
        raise RatchetError(
            f"{longest} of {len(prompts)} rows have one prompt ({worst[:40]!r}): the KL baseline "
            "needs completions of other problems: sample more problems"
        )
    partners = [0] * len(prompts)
    for position, row in enumerate(order):
        partners[row] = order[(position + longest) % len(order)]
    return partners
