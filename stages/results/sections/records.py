"""Sections on costs, rejects, and imported samples that the grader judges differently."""

from typing import Any

from schemas import views
from stages.results import queries
from stages.results.charts.bars import horizontal_bars
from stages.results.sections.section import Grid, Section, count, percent

MOST_DISAGREEMENTS = 50


def costs(connection: Any) -> Section | None:
    """Time, memory and draws of each stage."""
    rows = queries.ask(connection, "costs")
    if not rows:
        return None
    seconds = [(row["stage"], row["elapsed_s"]) for row in rows]
    figure = horizontal_bars("Time by stage, all iterations", seconds, "elapsed (s)")
    cells = [
        [row["stage"], row["n_runs"], f"{row['elapsed_s']:,.1f}", f"{row['cpu_s']:,.1f}",
         count(row["peak_memory_mb"]), count(row["n_draws"]), count(row["n_draws_reused"]),
         count(row["n_tokens"]), count(row["n_optimiser_steps"]),
         count(row["n_trained_tokens"])]
        for row in rows
    ]  # fmt: skip
    heads = ["stage", "runs", "elapsed (s)", "processor (s)", "peak memory (MB)", "draws"]
    heads += ["draws reused", "tokens drawn", "optimiser steps", "tokens trained"]
    return Section("costs", "Costs", figures=[figure], grids=[Grid(heads, cells)])


def rejects(connection: Any) -> Section | None:
    """Rows that could not be used, by reason, with three examples of each."""
    rows = queries.ask(connection, "rejects")
    if not rows:
        return None
    cells = [
        [row["stage"], row["reason"], count(row["n"]),
         "\n".join(f"{example['item']}: {example['content']}" for example in row["examples"])]
        for row in rows
    ]  # fmt: skip
    grid = Grid(["stage", "reason", "rows", "such as"], cells)
    return Section(
        "rejects",
        "Rejects",
        "Items that a stage could not use, with up to three examples of each reason.",
        grids=[grid],
    )


def extractions(connection: Any) -> Section | None:
    """Right answers by stated and by flexible answers, with samples that differ."""
    rows = views.ask(connection, "from extractions order by answers, iteration")
    if not any(row["n_differ"] for row in rows):
        return None
    cells = [
        [row["answers"], row["iteration"], row["n"], percent(row["share_stated"]),
         percent(row["share_flexible"]), row["n_differ"]]
        for row in rows
    ]  # fmt: skip
    grids = [Grid(["answers", "iteration", "n", "stated", "flexible", "differ"], cells)]
    examples = [
        [row["sample_id"], row["outcome_stated"], row["outcome_flexible"],
         row["extracted_flexible"] or "", row["answer"], row["ending"]]
        for row in queries.ask(connection, "extractions")
    ]  # fmt: skip
    if examples:
        heads = ["sample", "stated", "flexible", "last value", "reference", "how the text ends"]
        grids.append(Grid(heads, examples))
    note = (
        "A stated answer is one that the text names as its answer. The flexible one is the same "
        "or, if none is stated, the last number, formula, letter or program. grade.extract says "
        "which decides. Many differences mean that the model answers in a form that it was not "
        "asked for, or that its texts are cut off."
    )
    return Section("extractions", "Stated and flexible answers", note, grids=grids)


def disagreements(connection: Any) -> Section | None:
    """Imported samples whose recorded verdict differs from the grader's."""
    rows = views.ask(connection, "from disagreements order by iteration, sample_id")
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
    title = "Recorded labels that the grader contradicts"
    return Section("disagreements", title, note, grids=[Grid(heads, cells)])
