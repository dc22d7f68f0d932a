"""duels: which of two solutions a judge prefers (SIPF Appendix B)."""

from typing import ClassVar

import dataframely as dy

from schemas.table import Table

ASPECTS = ["correctness", "completeness", "reasonableness", "conciseness", "consistency", "overall"]


class Duels(Table):
    """One row per pair of greedy solutions, aspect judged, and order of the two."""

    noun = "duels"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0, description="of the model")
    problem_id = dy.String(primary_key=True)
    aspect = dy.Enum(ASPECTS, primary_key=True)
    place = dy.Enum(["A", "B"], primary_key=True, description="position of the model's solution")
    rival = dy.String(description="whose solution the other is: first (M0), or a file's name")
    verdict = dy.Enum(["won", "lost", "tie"], description="from the model's side")
