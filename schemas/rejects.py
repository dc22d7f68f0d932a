"""rejects: what could not be used, and why."""

import dataframely as dy

from schemas.table import Table


class Rejects(Table):
    """One row per thing left out: a bad source row, a contaminated problem, an unusable answer."""

    noun = "rejects"
    partitions = ("iteration", "stage")

    iteration = dy.Int16(primary_key=True, min=0)
    stage = dy.String(primary_key=True)
    item = dy.String(
        primary_key=True, description="file and line, or the id of a problem, sample or path"
    )
    reason = dy.String(min_length=1)
    content = dy.String(description="the beginning of what was left out")
