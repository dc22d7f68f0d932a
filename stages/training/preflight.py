"""Checks of the rows before training starts; a failed one stops the run and names rows.

Each check is for one fault that would silently train the model on something else than intended.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from schemas.errors import RatchetError
from stages.models.tokens import Encoded, encode_prompt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Check = Callable[["PreTrainedTokenizerBase", str, Encoded], bool]


def moved_boundary(tokenizer: PreTrainedTokenizerBase, prompt: str, row: Encoded) -> bool:
    """The prompt's last token changes when the completion follows: sampling saw another one."""
    return row.ids[: row.n_prompt] != encode_prompt(tokenizer, prompt)[: len(row.ids)]


def double_bos(tokenizer: PreTrainedTokenizerBase, prompt: str, row: Encoded) -> bool:
    """The text begins with BOS twice."""
    bos = tokenizer.bos_token_id
    return bos is not None and row.ids[:2] == [bos, bos]


def missing_eos(tokenizer: PreTrainedTokenizerBase, prompt: str, row: Encoded) -> bool:
    """The text ends here, but no EOS says so: the model would not learn to stop."""
    return row.ends and not row.truncated and row.ids[-1] != tokenizer.eos_token_id


def early_eos(tokenizer: PreTrainedTokenizerBase, prompt: str, row: Encoded) -> bool:
    """EOS in the middle of a completion: the model would learn to continue after it."""
    return tokenizer.eos_token_id in row.ids[row.n_prompt : -1]


def all_masked(tokenizer: PreTrainedTokenizerBase, prompt: str, row: Encoded) -> bool:
    """No token of the completion is left to learn from."""
    return row.n_prompt >= len(row.ids)


CHECKS: list[tuple[Check, str, float]] = [  # the check, its message, the share of rows allowed
    (all_masked, "have no completion within max_length={max_length}: raise max_length", 0),
    # a sample may begin with a blank that joins the prompt's last one: rare, so only reported
    (moved_boundary, "have a token across the end of the prompt: end it where a token ends", 0.01),
    (double_bos, "begin with BOS twice: remove it from the task's prompt", 0),
    (missing_eos, "do not end with EOS: the tokenizer has lost its eos_token, fix the model", 0),
    (early_eos, "have EOS inside the completion: remove its text from the rationales", 0),
]


def check_rows(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    rows: Sequence[Encoded],
    names: Sequence[str],
    max_length: int,
) -> int:
    """Stops training on faulty rows; prints and returns how many are cut short.

    Raises RatchetError with the fault, the count and three of the rows' ids (`names`).
    """
    for check, fault, share in CHECKS:
        found = [
            name
            for name, prompt, row in zip(names, prompts, rows, strict=True)
            if check(tokenizer, prompt, row)
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
