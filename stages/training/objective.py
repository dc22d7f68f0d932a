"""What an objective is: who trains by it, and the rows that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from stages.training.job import Job
from stages.training.rows import Rows


@dataclass(frozen=True)
class RowNeed:
    """Rows that an objective can't do without.

    table: where they are. pair_rows: the values of pair.rows that make them.
    """

    table: Literal["pairs", "examples"]
    pair_rows: tuple[str, ...]
    description: str

    @property
    def choices(self) -> str:
        """The values of pair.rows, to choose from."""
        return " or ".join(self.pair_rows)


PATH_PAIRS = RowNeed("pairs", ("pairs", "balanced_pairs"), "pairs of whole paths")
STEP_PAIRS = RowNeed("pairs", ("steps",), "pairs of steps")
TO_IMITATE = RowNeed("examples", ("examples", "balanced_right", "gold"), "rows to imitate")
UNPAIRED = RowNeed("examples", ("balanced",), "unpaired rows of both kinds")


@dataclass(frozen=True)
class Objective:
    """What a training run minimises.

    reads_examples: also where it needs pairs, as their NLL term. compares_rows: of one batch,
    so that two must be in it. needs_step_labels: its rows have a label for each step.
    """

    train: Callable[[Job, Rows], pl.DataFrame]
    needs: RowNeed
    reads_examples: bool = True
    compares_rows: bool = False
    needs_step_labels: bool = False
