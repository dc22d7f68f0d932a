"""progress: what each iteration drew, kept and trained on."""

import dataframely as dy

from schemas.table import Table


class Progress(Table):
    """One row per iteration: budget, coverage and data sizes (SIPF Tables 6 and 7).

    Gold supplements count neither as draws nor as solved problems; their paths count as paths.

    `lineage` is a digest of the previous iteration's row and of everything this one counts,
    so a change upstream changes every later row, and the report with it.
    """

    noun = "progress"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0)
    n_problems = dy.Int32(min=0, description="problems drawn for in the iteration")
    n_solved = dy.Int32(min=0, description="of those, solved at least once in it")
    n_solved_ever = dy.Int32(
        min=0,
        description="problems solved in it or an earlier one, of all rows of coverage in the "
        "iteration; can be more than n_problems",
    )
    coverage = dy.Float64(min=0, max=1, description="n_solved / n_problems; 0 without draws")
    coverage_so_far = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="n_solved_ever as a share of the problems drawn for so far; null without any",
    )
    n_draws = dy.Int64(min=0)
    n_draws_correct = dy.Int64(min=0)
    n_tokens = dy.Int64(min=0)
    n_paths = dy.Int64(min=0, description="rows of paths; with dedup.cumulative of all iterations")
    n_paths_correct = dy.Int64(min=0)
    n_steps_labelled = dy.Int64(min=0, description="of paths that are new in the iteration")
    n_rollouts = dy.Int64(min=0, description="that labelled them")
    n_corrections = dy.Int64(min=0, description="first wrong steps that got a right continuation")
    n_pairs = dy.Int64(min=0)
    n_pairs_wrong_chosen = dy.Int64(min=0, description="pairs whose chosen answer is wrong")
    n_examples = dy.Int64(min=0)
    lineage = dy.String(min_length=1)
