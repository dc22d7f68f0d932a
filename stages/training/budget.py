"""Training on as many optimiser steps and tokens as another run took: `align.budgets`.

A control's gold rows are shorter or longer than the rows of the run that it stands beside, so equal
batches would be equal in steps alone. Here a step takes as many rows as its share of the tokens.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import RatchetError

if TYPE_CHECKING:
    from datasets import Dataset

Row = dict[str, Any]


class Budget(BaseModel):
    """What one iteration's training takes: optimiser steps, and tokens read with gradients."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    steps: int = Field(ge=1)
    tokens: int = Field(ge=1)


def batches(lengths: Sequence[int], budget: Budget, seed: int) -> list[list[int]]:
    """The rows of each step: indices into `lengths`, the rows' tokens.

    Rows come in shuffled passes over all of them. After each step the tokens so far are as near to
    that step's share of the budget as whole rows allow, with at least one row a step. Raises
    RatchetError if that makes the whole differ from the budget by more than the longest row.
    """
    rows = _shuffled_passes(len(lengths), random.Random(seed))
    upcoming = next(rows)
    found: list[list[int]] = []
    taken = 0
    for step in range(1, budget.steps + 1):
        target = budget.tokens * step / budget.steps
        batch: list[int] = []
        while not batch or target - taken > lengths[upcoming] / 2:
            batch.append(upcoming)
            taken += lengths[upcoming]
            upcoming = next(rows)
        found.append(batch)
    if abs(taken - budget.tokens) > max(lengths):
        raise RatchetError(
            f"align.budgets: {budget.tokens} tokens in {budget.steps} steps are less than a row a "
            f"step (rows have {sum(lengths) / len(lengths):.0f} tokens): give fewer steps"
        )
    return found


def _shuffled_passes(n: int, order: random.Random) -> Iterator[int]:
    while True:
        yield from order.sample(range(n), n)


def batch_dataset(rows: Dataset, budget: Budget, seed: int) -> Dataset:
    """A dataset whose every item is one step's rows, for `EachItemABatch`."""
    from datasets import Dataset

    columns = rows.to_dict()
    steps = batches([len(ids) for ids in columns["input_ids"]], budget, seed)
    return Dataset.from_dict(
        {name: [[values[n] for n in step] for step in steps] for name, values in columns.items()}
    )


class EachItemABatch:
    """Collates items of `batch_dataset`: their rows, as `collate` would take them."""

    def __init__(self, collate: Callable[[list[Row]], Row]) -> None:
        self.collate = collate

    def __call__(self, items: list[Row]) -> Row:
        """One batch of all the items' rows."""
        rows = [
            dict(zip(item, values, strict=True))
            for item in items
            for values in zip(*item.values(), strict=True)
        ]
        return self.collate(rows)
