"""Pairs as datasets of token ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from stages.models.tokens import Encoded, Encoder
from stages.training.preflight import check_rows
from stages.training.rows import Rows

if TYPE_CHECKING:
    from datasets import Dataset

MASKED_ID = -100


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


def encode_pairs(encoder: Encoder, pairs: pl.DataFrame, max_length: int) -> list[list[Encoded]]:
    """[chosen rows, rejected rows], checked; the prompt is the question and the steps before.

    Raises RatchetError if the rows would train something else (`preflight.check_rows`).
    """
    prompts: list[tuple[str, str]] = pairs.select("prompt", "prefix").rows()
    encoded_sides = []
    for side in ("chosen", "rejected"):
        coded = [
            encoder.encode(prompt, [text], max_length, ends, prefix)
            for (prompt, prefix), text, ends in zip(
                prompts, pairs[side], pairs[f"{side}_ends"], strict=True
            )
        ]
        check_rows(encoder, prompts, coded, pairs["pair_id"].to_list(), max_length)
        encoded_sides.append(coded)
    return encoded_sides


def token_dataset(encoder: Encoder, rows: Rows, max_length: int, with_examples: bool) -> Dataset:
    """Pairs as a dataset of prompt_ids, chosen_ids and rejected_ids."""
    from datasets import Dataset

    chosen, rejected = encode_pairs(encoder, pair_rows(rows, with_examples), max_length)
    return Dataset.from_dict(
        {
            "prompt_ids": [row.ids[: row.n_prompt] for row in chosen],
            "chosen_ids": [row.ids[row.n_prompt :] for row in chosen],
            "rejected_ids": [row.ids[row.n_prompt :] for row in rejected],
        }
    )


def pair_columns(encoder: Encoder, rows: Rows, max_length: int, with_examples: bool) -> Dataset:
    """Pairs as a dataset for `EncodedPairs`: texts, which the trainers ask for, and token ids.

    `paired` is false for an example, which has only the first token of a rejected side.
    """
    from datasets import Dataset

    pairs = pair_rows(rows, with_examples)
    columns = pairs.select("prompt", "chosen", "rejected").to_dict(as_series=False)
    columns["paired"] = [n < rows.pairs.height for n in range(pairs.height)]
    sides = zip(("chosen", "rejected"), encode_pairs(encoder, pairs, max_length), strict=True)
    for side, coded in sides:
        columns[f"{side}_ids"] = [row.ids for row in coded]
        columns[f"{side}_start"] = [row.n_prompt for row in coded]
    columns["rejected_ids"] = [
        ids if paired else ids[:1]
        for ids, paired in zip(columns["rejected_ids"], columns["paired"], strict=True)
    ]
    return Dataset.from_dict(columns)


class EncodedPairs:
    """For TRL's trainers that would tokenise texts themselves: rows keep the tokens they have."""

    def tokenize_row(self, feature: dict[str, Any], model: object = None) -> dict[str, Any]:
        """A row of `pair_columns` as the columns of the trainer's collator."""
        row = {"prompt_input_ids": feature["chosen_ids"][: feature["chosen_start"]]}
        row["paired"] = feature["paired"]
        row["prompt_attention_mask"] = [1] * len(row["prompt_input_ids"])
        for side in ("chosen", "rejected"):
            ids, start = feature[f"{side}_ids"], feature[f"{side}_start"]
            row[f"{side}_input_ids"] = ids
            row[f"{side}_attention_mask"] = [1] * len(ids)
            row[f"{side}_labels"] = [MASKED_ID] * min(start, len(ids)) + ids[start:]
        return row
