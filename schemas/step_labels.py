"""step_labels: which steps lead to the answer."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table

STOPS = ["successes", "out_of_reach", "all", "given_up", "evidence", "inferred", "known"]


class StepLabels(Table):
    """One row per step judged. With counts of all K rollouts, other thresholds are a query.

    Labels of earlier iterations stay as long as their paths do (dedup.cumulative).

    Counts that ended early (stop is not all) support only the hard label: n_correct / n_rollouts
    is then not an estimate.
    """

    noun = "step_labels"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths"}

    iteration = dy.Int16(primary_key=True, min=0)
    path_id = dy.String(primary_key=True)
    step = dy.Int16(primary_key=True, min=0)
    labeler = dy.Enum(["rollouts", "outcome", "judge", "oracle"])
    n_rollouts = dy.Int32(min=0, description="0 if the label is a judge's or the oracle's")
    n_correct = dy.Int32(min=0)
    n_evidence = dy.Int32(
        min=0,
        description="right answers known to be reachable from here without rollouts of the step "
        "itself (label.evidence); in no other count",
    )
    stop = dy.Enum(
        STOPS,
        description="why it ended. successes, out_of_reach: the label was certain; all: every "
        "rollout was drawn; given_up: label.patience; evidence: label.evidence; inferred: measured "
        "partly or not at all, the label follows from the path's other steps (label.search); "
        "known: no rollouts were needed",
    )
    label = dy.Bool(
        description="the hard label: more than delta rollouts were right (SIPF §2.2, Eq. 2), or "
        "what the judge or oracle says; with label.prefix_and, false after a false one"
    )
    reflection = dy.String(nullable=True, description="the judge's reason")

    @dy.rule()
    def correct_within_rollouts(cls) -> pl.Expr:
        return pl.col("n_correct") <= pl.col("n_rollouts")
