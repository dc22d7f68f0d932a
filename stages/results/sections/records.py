"""Sections on costs, rejects, and imported samples that the grader judges differently."""

from typing import Any

from schemas import views
from stages.results import queries
from stages.results.charts.bars import horizontal_bars
from stages.results.sections.section import Grid, Section, count, duration, share_of

MOST_DISAGREEMENTS = 50


def costs(connection: Any) -> Section | None:
    """Time, memory and draws of each stage."""
    asked = queries.source(connection, "costs")
    rows = asked.rows
    if not rows:
        return None
    seconds = [(row["stage"], row["elapsed_s"]) for row in rows]
    memory = [(row["stage"], row["peak_memory_mb"]) for row in rows]
    figures = [
        horizontal_bars("Time by stage, all iterations", seconds, "elapsed (s)"),
        horizontal_bars("Peak memory by stage", memory, "peak memory (MB)"),
    ]
    cells = [
        [row["stage"], row["n_runs"], f"{row['elapsed_s']:,.1f}", f"{row['cpu_s']:,.1f}",
         count(row["peak_memory_mb"]), count(row["n_draws"]), count(row["n_draws_reused"]),
         count(row["n_tokens"]), count(row["n_optimiser_steps"]),
         count(row["n_trained_tokens"])]
        for row in rows
    ]  # fmt: skip
    heads = ["stage", "runs", "elapsed (s)", "processor (s)", "peak memory (MB)", "draws"]
    heads += ["draws reused", "tokens drawn", "optimiser steps", "tokens trained"]
    note = "Peak memory is main memory, of the largest of the stage's processes, not that of a GPU."
    peak = max(row["peak_memory_mb"] for row in rows)
    gist = f"{duration(sum(row['elapsed_s'] for row in rows))}, at most {count(peak)} MB"
    return Section("costs", "Costs", note, figures, [Grid(heads, cells, asked)], gist)


def rejects(connection: Any) -> Section | None:
    """Rows that could not be used, by reason, with three examples of each."""
    asked = queries.source(connection, "rejects")
    if not asked.rows:
        return None
    cells = [
        [row["stage"], row["reason"], count(row["n"]),
         "\n".join(f"{example['item']}: {example['content']}" for example in row["examples"])]
        for row in asked.rows
    ]  # fmt: skip
    grid = Grid(["stage", "reason", "rows", "such as"], cells, asked)
    note = "Items that a stage could not use, with up to three examples of each reason."
    gist = f"{count(sum(row['n'] for row in asked.rows))} rows"
    return Section("rejects", "Rejects", note, grids=[grid], gist=gist)


def extractions(connection: Any) -> Section | None:
    """Right answers by stated and by flexible answers, with samples that differ."""
    asked = queries.source(connection, "from extractions order by answers, iteration")
    if not any(row["n_differ"] for row in asked.rows):
        return None
    cells = [
        [row["answers"], row["iteration"], count(row["n"]), share_of(row["n_stated"], row["n"]),
         share_of(row["n_flexible"], row["n"]), count(row["n_differ"])]
        for row in asked.rows
    ]  # fmt: skip
    heads = ["answers", "iteration", "n", "stated", "flexible", "differ"]
    grids = [Grid(heads, cells, asked, "Right answers")]
    samples = queries.source(connection, "extractions")
    examples = [
        [row["sample_id"], row["outcome_stated"], row["outcome_flexible"],
         row["extracted_flexible"] or "", row["answer"], row["ending"]]
        for row in samples.rows
    ]  # fmt: skip
    if examples:
        heads = ["sample", "stated", "flexible", "last value", "reference", "how the text ends"]
        grids.append(Grid(heads, examples, samples, "Such as"))
    note = (
        "A stated answer is one that the text names as its answer. The flexible one is the same "
        "or, if none is stated, the last number, formula, letter or program. grade.extract says "
        "which decides. Many differences mean that the model answers in a form that it was not "
        "asked for, or that its texts are cut off."
    )
    gist = f"{count(sum(row['n_differ'] for row in asked.rows))} answers judged differently"
    return Section("extractions", "Stated and flexible answers", note, grids=grids, gist=gist)


def disagreements(connection: Any) -> Section | None:
    """Imported samples whose recorded verdict differs from the grader's."""
    asked = queries.source(connection, "from disagreements order by iteration, sample_id")
    rows = asked.rows
    if not rows:
        return None
    n_recorded = views.ask(connection, "select count(recorded_correct) as n from samples")[0]["n"]
    note = f"The grader contradicts {len(rows):,} of {n_recorded:,} recorded verdicts."
    if len(rows) > MOST_DISAGREEMENTS:
        note += f" These are the first {MOST_DISAGREEMENTS}."
    cells = [
        [row["sample_id"], row["problem_id"], "right" if row["recorded_correct"] else "wrong",
         row["outcome"], row["extracted"] or "", row["answer"], row["detail"] or ""]
        for row in rows[:MOST_DISAGREEMENTS]
    ]  # fmt: skip
    heads = ["sample", "problem", "recorded", "graded", "answer found", "reference", "reason"]
    shown = asked._replace(
        sql=f"{asked.sql} limit {MOST_DISAGREEMENTS}", rows=rows[:MOST_DISAGREEMENTS]
    )
    title = "Recorded labels that the grader contradicts"
    gist = f"{count(len(rows))} of {count(n_recorded)}"
    return Section("disagreements", title, note, grids=[Grid(heads, cells, shown)], gist=gist)
