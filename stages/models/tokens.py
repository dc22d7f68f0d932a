"""Text → tokens, one way for every objective and every engine.

The whole text is tokenised at once; where a prompt, a step or a completion ends is found by
character offsets in it. Pieces tokenised apart differ from the whole by a merged token at each
boundary, and labels then sit on the wrong token.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Encoded:
    """Token ids of BOS + prompt + completion + EOS, and where the completion starts."""

    ids: list[int]
    n_prompt: int
    step_ends: list[int]  # index in ids of each step's last token
    truncated: bool = False
    ends: bool = True  # does the text end here, so that EOS belongs to it


def encode_prompt(tokenizer: Any, prompt: str) -> list[int]:
    """BOS (if the tokenizer has one; never two) and the prompt's tokens."""
    ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    bos = tokenizer.bos_token_id
    return ids if bos is None or ids[:1] == [bos] else [bos, *ids]


def encode(
    tokenizer: Any, prompt: str, steps: Sequence[str], max_length: int, eos: bool = True
) -> Encoded:
    """Tokens of prompt + steps; steps are the completion's pieces (one piece: the whole).

    A token belongs to the piece that holds its first character. A text longer than
    `max_length` tokens is cut at the end and says so; it then has no EOS, and the steps that
    were cut have no end.
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
    """How many tokens start before a character (starts are in order)."""
    return bisect_left(starts, position)
