"""The life of a problem: what the tables know of it, gathered for `ratchet trace`."""

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Life:
    """A problem and all that came of it; rows as the trace_*.sql give them.

    An id is made of content, so the same path, or sample, may occur in several iterations.
    """

    problem: Row
    samples: list[Row]
    paths: list[Row]
    steps: list[Row]
    corrections: list[Row]
    rollouts: list[Row]
    training: list[Row]
    history: list[Row]
    flaws: list[Row]
    duels: list[Row]

    def path_of(self, sample: Row) -> Row | None:
        """The path that a sample took."""
        same = (path for path in self.paths if path["iteration"] == sample["iteration"])
        return next((path for path in same if sample["sample_id"] in path["sample_ids"]), None)

    def labels_and_scores_of(self, path: Row) -> dict[int, Row]:
        """Step number → labels and verifier's probability."""
        same = (row for row in self.steps if row["iteration"] == path["iteration"])
        return {row["step"]: row for row in same if row["path_id"] == path["path_id"]}

    def correction_of(self, path: Row) -> Row | None:
        """What was tried in place of the path's first wrong step."""
        same = (row for row in self.corrections if row["iteration"] == path["iteration"])
        return next((row for row in same if row["path_id"] == path["path_id"]), None)

    def rollouts_of(self, path: Row) -> list[Row]:
        """The rollouts from the path's steps that were kept."""
        same = (row for row in self.rollouts if row["iteration"] == path["iteration"])
        return [row for row in same if row["path_id"] == path["path_id"]]

    def training_of(self, name: str) -> list[Row]:
        """The training rows that a path or rollout entered, whichever iteration made them."""
        return [row for row in self.training if row["path_id"] == name]
