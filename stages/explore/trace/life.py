"""The life of a problem: what the tables hold about it, gathered for `ratchet trace`."""

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Life:
    """A problem and everything made from it; rows as the .sql files of this folder return them.

    An id is a digest of content, so one path, or sample, may occur in several iterations.
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
    pairs: list[Row]
    examples: list[Row]

    def path_of(self, sample: Row) -> Row | None:
        """The path that a sample became; None if it became none."""
        same = (path for path in self.paths if path["iteration"] == sample["iteration"])
        return next((path for path in same if sample["sample_id"] in path["sample_ids"]), None)

    def labels_and_scores_of(self, path: Row) -> dict[int, Row]:
        """Step number → label and verifier's probability."""
        same = (row for row in self.steps if row["iteration"] == path["iteration"])
        return {row["step"]: row for row in same if row["path_id"] == path["path_id"]}

    def correction_of(self, path: Row) -> Row | None:
        """The correction of the path's first wrong step, if one was tried."""
        same = (row for row in self.corrections if row["iteration"] == path["iteration"])
        return next((row for row in same if row["path_id"] == path["path_id"]), None)

    def rollouts_of(self, path: Row) -> list[Row]:
        """The kept rollouts from the path's steps."""
        same = (row for row in self.rollouts if row["iteration"] == path["iteration"])
        return [row for row in same if row["path_id"] == path["path_id"]]

    def training_of(self, name: str) -> list[Row]:
        """The training rows that a path or rollout entered, made in any iteration."""
        return [row for row in self.training if row["path_id"] == name]
