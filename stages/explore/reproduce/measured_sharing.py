"""What the runs of a table took, as measured, and what they saved by sharing stages and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.explore.output import dumps


@dataclass(frozen=True)
class Sharing:
    """n_asked: draws that all runs use; n_drawn: those that a model made, each counted once."""

    n_runs: int
    elapsed_s: float
    n_asked: int
    n_drawn: int

    @property
    def text(self) -> str:
        """In a sentence."""
        runs = f"{self.n_runs} run{'' if self.n_runs == 1 else 's'}"
        saved = self.n_asked - self.n_drawn
        share = f" ({100 * saved / self.n_asked:.0f}%)" if self.n_asked else ""
        return (
            f"{runs}: {self.elapsed_s / 60:.1f} min of stages, {self.n_drawn:,} draws; "
            f"sharing saved {saved:,} of {self.n_asked:,}{share}"
        )


def measure_sharing(costs: Mapping[Any, Sequence[Mapping[str, Any]]]) -> Sharing:
    """From each run's rows of table costs.

    A stage that DVC restored has the row of the run that made it, to the last digit of its time,
    so equal rows are one execution.
    """
    rows = [row for of_run in costs.values() for row in of_run]
    executions = {dumps(dict(row)): row for row in rows}.values()
    return Sharing(
        len(costs),
        sum(row["elapsed_s"] for row in executions),
        sum(row["n_draws"] + row["n_draws_reused"] for row in rows),
        sum(row["n_draws"] for row in executions),
    )
