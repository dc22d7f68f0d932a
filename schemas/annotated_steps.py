"""annotated_steps: the verifier's probabilities of steps that people have judged."""

import dataframely as dy

from schemas.table import Table


class AnnotatedSteps(Table):
    """One row per step of an annotated solution (SIPF Appendix C, ProcessBench)."""

    noun = "annotated_steps"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0, description="of the verifier")
    dataset = dy.String(primary_key=True)
    item = dy.String(primary_key=True, description="the solution's id in its file")
    step = dy.Int16(primary_key=True, min=0)
    level = dy.Int16(nullable=True, min=0)
    sound = dy.Bool(
        nullable=True,
        description="the annotators' verdict; null after the first wrong step in ProcessBench",
    )
    probability = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="that the step is right; null beyond score.max_length",
    )
