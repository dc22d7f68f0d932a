"""Text → tokens, in the same way for every objective and every engine.

The whole text is tokenised at once; character offsets in it tell where a prompt, a step or a
completion ends. Pieces tokenised separately differ from the whole by a merged token at each
boundary, which would put labels on the wrong tokens.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Encoded:
    """Token ids of BOS + prompt + completion + EOS, and where the completion starts."""

    ids: list[int]
    n_prompt: int  # tokens of BOS and prompt
    step_ends: list[int]  # index in ids of each step's last token
    truncated: bool = False
    ends: bool = True  # whether the text ends here, so that EOS belongs to it


def encode_prompt(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    """BOS (if the tokenizer has one; never twice) and the prompt's tokens."""
    ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    bos = tokenizer.bos_token_id
    return ids if bos is None or ids[:1] == [bos] else [bos, *ids]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    steps: Sequence[str],
    max_length: int,
    eos: bool = True,
) -> Encoded:
    """Tokens of prompt + steps; steps are the completion's pieces (one piece: the whole).

    A token belongs to the piece that has its first character. A text longer than `max_length`
    tokens is cut at its end and marked `truncated`; it then has no EOS, and the steps that were
    cut have no end.
    """
    text = prompt + "".join(steps)
    coded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    starts = [start for start, _ in coded["offset_mapping"]]
    ids = list(coded["input_ids"])
    bos = tokenizer.bos_token_id
    shift = 0 if bos is None or ids[:1] == [bos] else 1
    ids = ([bos] if shift else []) + ids
    n_prompt = shift + _count_before(starts, len(prompt))
    ends, position = [], len(prompt)
    for step in steps:
        position += len(step)
        ends.append(shift + _count_before(starts, position) - 1)
    if eos:
        ids.append(tokenizer.eos_token_id)
    truncated = len(ids) > max_length
    kept = [end for end in ends if end < max_length]
    return Encoded(ids[:max_length], n_prompt, kept, truncated, eos)


def _count_before(starts: list[int], position: int) -> int:
    """The number of tokens that start before a character (starts are in order)."""
    return bisect_left(starts, position)
