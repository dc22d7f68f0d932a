"""Pairs as datasets: of token ids, or of text for trainers that encode it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stages.models.tokens import Encoded, encode
from stages.training.preflight import check_rows
from stages.training.rows import Rows

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase


def pair_rows(rows: Rows, with_examples: bool) -> pl.DataFrame:
    """Pairs as (pair_id, prompt, prefix, chosen, rejected, chosen_ends, rejected_ends).

    An example becomes a pair whose sides are the same text: its log-ratios cancel, and only an NLL
    term learns from it.
    """
    names = ["pair_id", "prompt", "prefix", "chosen", "rejected", "chosen_ends", "rejected_ends"]
    frames = [rows.pairs.select(names)] if not rows.pairs.is_empty() else []
    if with_examples and not rows.examples.is_empty():
        frames.append(
            rows.examples.select(
                "prompt",
                pair_id="example_id",
                prefix=pl.lit(""),
                chosen="completion",
                rejected="completion",
                chosen_ends=True,
                rejected_ends=True,
            ).select(names)
        )
    return pl.concat(frames, how="vertical_relaxed")


def encode_pairs(
    tokenizer: PreTrainedTokenizerBase, pairs: pl.DataFrame, max_length: int
) -> list[list[Encoded]]:
    """[chosen rows, rejected rows], checked; the prompt is the question and the steps before.

    Raises RatchetError if the rows would train something else (`preflight.check_rows`).
    """
    prompts = [prompt + prefix for prompt, prefix in pairs.select("prompt", "prefix").rows()]
    encoded_sides = []
    for side in ("chosen", "rejected"):
        coded = [
            encode(tokenizer, prompt, [text], max_length, eos)
            for prompt, text, eos in zip(prompts, pairs[side], pairs[f"{side}_ends"], strict=True)
        ]
        check_rows(tokenizer, prompts, coded, pairs["pair_id"].to_list(), max_length)
        encoded_sides.append(coded)
    return encoded_sides


def token_dataset(
    tokenizer: PreTrainedTokenizerBase, rows: Rows, max_length: int, with_examples: bool
) -> Dataset:
    """Pairs as a dataset of prompt_ids, chosen_ids and rejected_ids."""
    from datasets import Dataset

    chosen, rejected = encode_pairs(tokenizer, pair_rows(rows, with_examples), max_length)
    return Dataset.from_dict(
        {
            "prompt_ids": [row.ids[: row.n_prompt] for row in chosen],
            "chosen_ids": [row.ids[row.n_prompt :] for row in chosen],
            "rejected_ids": [row.ids[row.n_prompt :] for row in rejected],
        }
    )


def text_dataset(
    tokenizer: PreTrainedTokenizerBase, rows: Rows, max_length: int, with_examples: bool
) -> Dataset:
    """Pairs as a dataset of prompt, chosen and rejected texts, for trainers that add EOS."""
    from datasets import Dataset

    pairs = pair_rows(rows, with_examples)
    encode_pairs(tokenizer, pairs, max_length)  # for its checks
    return Dataset.from_dict(pairs.select("prompt", "chosen", "rejected").to_dict(as_series=False))
