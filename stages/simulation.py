"""Labels by simulation (SIPF Eq. 2): continuations drawn from each step's prefix, counted.

From the prefix that ends with a step, K continuations are drawn; the step is right when more
than delta of them reach the reference answer. The last step is followed by nothing, so it has
the path's own outcome. Counts are stored: other thresholds are a query.
"""

import polars as pl
from pydantic import Field

from stages.engines.draw import Drawer
from stages.engines.engine import Sampling
from stages.grading.frame import REFERENCE, GradeSettings, grade_frame
from stages.identity import digest
from stages.settings import Section


class SimulationSettings(Section):
    """The part of a section that says how steps are simulated."""

    rollouts: int = Field(ge=1)
    delta: int = Field(ge=0)
    temperature: float = Field(gt=0)
    top_p: float = Field(gt=0, le=1)
    max_tokens: int = Field(ge=1)
    early_stop: bool


def simulated(
    drawer: Drawer,
    paths: pl.DataFrame,
    problems: pl.DataFrame,
    settings: SimulationSettings,
    grade: GradeSettings,
) -> pl.DataFrame:
    """Rows of `step_labels` for each step of the paths."""
    steps = prefixes(paths, problems)
    asked = steps.filter(~pl.col("last")).unique("prefix_id", maintain_order=True)
    counts = simulate(drawer, asked, settings, grade)
    return counted_rows(steps, counts, settings.delta)


def prefixes(paths: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """One row per step: path_id, step, the path's text to the step's end, is it the last.

    Paths that begin alike share a prefix_id, and its rollouts.
    """
    rows = [
        {
            "path_id": row["path_id"],
            "problem_id": row["problem_id"],
            "correct": row["correct"],
            "step": step,
            "prefix": "".join(row["steps"][: step + 1]),
            "last": step == len(row["steps"]) - 1,
        }
        for row in paths.select("path_id", "problem_id", "correct", "steps").iter_rows(named=True)
        for step in range(len(row["steps"]))
    ]
    schema = {
        "path_id": pl.String,
        "problem_id": pl.String,
        "correct": pl.Boolean,
        "step": pl.Int16,
        "prefix": pl.String,
        "last": pl.Boolean,
    }
    steps = pl.DataFrame(rows, schema=schema)
    names = [digest(*row) for row in steps.select("problem_id", "prefix").rows()]
    return steps.with_columns(pl.Series("prefix_id", names, pl.String)).join(
        problems.select("problem_id", "prompt", *REFERENCE),
        on="problem_id",
        maintain_order="left",
    )


def simulate(
    drawer: Drawer, asked: pl.DataFrame, settings: SimulationSettings, grade: GradeSettings
) -> pl.DataFrame:
    """Rollouts from each row of `asked` (prefix_id, prompt, prefix, REFERENCE).

    Adds n_rollouts, n_correct and stop. With early_stop a prefix leaves as soon as its hard
    label is certain: delta + 1 successes, or too few draws left to reach them. The draws are
    the same ones, in the same order, as without, so the labels are too.
    """
    sampling = Sampling(settings.temperature, settings.top_p, settings.max_tokens)
    total, delta = settings.rollouts, settings.delta
    counts = asked.with_columns(n_rollouts=0, n_correct=0)
    block = 1 if settings.early_stop else total
    for first in range(0, total, block):
        certain = (pl.col("n_correct") > delta) | (
            pl.col("n_correct") + total - pl.col("n_rollouts") <= delta
        )
        active = counts.filter(~certain) if settings.early_stop else counts
        if active.is_empty():
            break
        done = roll_out(drawer, active, range(first, first + block), sampling, grade)
        counts = counts.update(done, on="prefix_id", how="left")
    return counts.with_columns(stop=_stop(total, delta, settings.early_stop))


def roll_out(
    drawer: Drawer, asked: pl.DataFrame, draws: range, sampling: Sampling, grade: GradeSettings
) -> pl.DataFrame:
    """(prefix_id, n_rollouts, n_correct) after these draws of each prefix."""
    rows = asked.join(pl.DataFrame({"draw": list(draws)}), how="cross", maintain_order="left_right")
    begun = rows.select(pl.concat_str("prompt", "prefix")).to_series().to_list()
    requests = drawer.requests(begun, rows["draw"].to_list(), sampling)
    completions = drawer.draw(requests, sampling, f"label {draws.stop}")
    ended = pl.Series("ending", [c.text for c in completions], pl.String)
    texts = rows.with_columns(text=pl.col("prefix") + ended)
    graded = grade_frame(texts, grade, "grade rollouts", drawer.compute)
    return graded.group_by("prefix_id", maintain_order=True).agg(
        n_rollouts=(pl.col("n_rollouts").first() + pl.len()).cast(pl.Int32),
        n_correct=(pl.col("n_correct").first() + pl.col("correct").sum()).cast(pl.Int32),
    )


def _stop(total: int, delta: int, early: bool) -> pl.Expr:
    if not early:
        return pl.lit("all")
    return (
        pl.when(pl.col("n_correct") > delta)
        .then(pl.lit("successes"))
        .when(pl.col("n_rollouts") < total)
        .then(pl.lit("out_of_reach"))
        .otherwise(pl.lit("all"))
    )


def counted_rows(steps: pl.DataFrame, counts: pl.DataFrame, delta: int) -> pl.DataFrame:
    """Rows of `step_labels`: inner steps by their prefix's counts, last ones by the outcome."""
    rolled = steps.filter(~pl.col("last")).join(
        counts.select("prefix_id", "n_rollouts", "n_correct", "stop"), on="prefix_id"
    )
    return pl.concat(
        [
            rolled.select(
                "path_id",
                "step",
                "n_rollouts",
                "n_correct",
                "stop",
                labeler=pl.lit("rollouts"),
                label=pl.col("n_correct") > delta,
            ),
            steps.filter("last").select(
                "path_id",
                "step",
                n_rollouts=pl.lit(1, pl.Int32),
                n_correct=pl.col("correct").cast(pl.Int32),
                stop=pl.lit("known"),
                labeler=pl.lit("outcome"),
                label="correct",
            ),
        ],
        how="diagonal",
    ).with_columns(reflection=pl.lit(None, pl.String))
