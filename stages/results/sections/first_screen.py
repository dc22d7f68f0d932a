"""The first screen: did it learn, why, at what cost."""

from dataclasses import dataclass, field
from typing import Any

from stages.results import queries
from stages.results.charts.bars import horizontal_bars
from stages.results.charts.figure import Figure
from stages.results.queries import Rows, Source
from stages.results.run_facts import Run
from stages.results.sections import gains
from stages.results.sections.data_sizes import coverage_figure
from stages.results.sections.section import (
    Grid,
    count,
    duration,
    percent,
    share_of,
    with_noun,
)
from stages.results.sections.step_truth import constant_accuracy

MOST_STAGES = 8
HINT = (
    "No control stands beside it. `ratchet control` prints the command of one, and "
    "`ratchet report --against NAME` lays it beside."
)


@dataclass(frozen=True)
class Answer:
    """A question that every reader has, with its answer in words, charts and tables."""

    name: str
    question: str
    verdict: str
    remarks: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)


def answers(run: Run, other: Run | None) -> list[Answer]:
    """The three of them; with another run beside, that run is in each."""
    return [did_it_learn(run, other), why(run, other), at_what_cost(run, other)]


def did_it_learn(run: Run, other: Run | None) -> Answer:
    """Accuracy against M₀, and against the other run."""
    ends = gains.suite_ends(run.measured)
    sql = queries.source(run.connection, "metrics").sql
    grids = [gains.learning_grid(ends, sql)] if ends else []
    remarks = []
    if other is not None:
        text, tables = gains.beside(run, other)
        remarks, grids = [text], [*grids, *tables]
    elif ends and "control" not in str(run.names["recipe"]):
        remarks = [HINT]
    figures = gains.accuracy_figures(run, other)
    return Answer("learned", "Did it learn?", gains.learning_verdict(ends), remarks, figures, grids)


def why(run: Run, other: Run | None) -> Answer:
    """What the model learned from, how good that was, and where the gain is."""
    rows = queries.source(run.connection, "iterations")
    drawn = [row for row in rows.rows if row["n_draws"]]
    ends = gains.suite_ends(run.measured)
    figures = gains.level_gain_figure(run, ends)
    if drawn and not figures:
        figures = [coverage_figure(drawn)]
    grids = [signal_grid(run, other, rows)] if drawn else []
    return Answer("why", "Why?", _why_verdict(rows.rows, drawn), [], figures, grids)


def signal_grid(run: Run, other: Run | None, source: Source) -> Grid:
    """What the run learned from in its first and last round, or each run in its last."""
    if other is None:
        columns = {f"iteration {iteration}": (run, iteration) for iteration in _end_rounds(run)}
    else:
        columns = {one.name: (one, last) for one in (run, other) for last in _end_rounds(one)[-1:]}
    found = {head: _signals(*column) for head, column in columns.items()}
    names = dict.fromkeys(name for texts in found.values() for name in texts)
    cells = [[name, *(texts.get(name, "") for texts in found.values())] for name in names]
    return Grid(["", *found], cells, source)


def _end_rounds(run: Run) -> list[int]:
    """The first and the last iteration that drew; fewer if there are not two."""
    rounds = [row["iteration"] for row in queries.ask(run.connection, "iterations")
              if row["n_draws"]]  # fmt: skip
    return sorted({rounds[0], rounds[-1]}) if rounds else []


def _why_verdict(rows: Rows, drawn: Rows) -> str:
    """One sentence on what was drawn and trained on."""
    if not drawn:
        return "Nothing was drawn: the model learned from the gold rows alone."
    first, last = drawn[0], drawn[-1]
    solved = percent(last["coverage"])
    was = f", {percent(first['coverage'])} in the first" if first is not last else ""
    pairs, examples = with_noun(last["n_pairs"], "pair"), with_noun(last["n_examples"], "example")
    return (
        f"The last round's draws solved {solved} of its problems{was}; "
        f"it trained on {pairs} and {examples}."
    )


def _signals(run: Run, iteration: int) -> dict[str, str]:
    """Measure → its text in an iteration."""
    rows = queries.ask(run.connection, "iterations")
    row = next(row for row in rows if row["iteration"] == iteration)
    found = {
        "problems solved": share_of(row["n_solved"], row["n_problems"]),
        "right draws": percent(row["n_draws_correct"] / row["n_draws"]),
        "pairs": count(row["n_pairs"]),
        "examples": count(row["n_examples"]),
    }
    for judge, name in (("labels", "step labels true"), ("verifier", "verifier right")):
        for total in queries.ask(run.connection, "truth", judge=judge):
            if total["all_levels"] and total["iteration"] == iteration:
                found[f"{name} (a constant guess)"] = _beside_constant(total)
    if flawed := _flawed_share(run, str(iteration)):
        found["right with a wrong step"] = flawed
    return found


def _beside_constant(row: dict[str, Any]) -> str:
    """An accuracy on steps beside that of calling every step the same."""
    return f"{percent(row['n_agree'] / row['n'])} ({percent(constant_accuracy(row))})"


def _flawed_share(run: Run, iteration: str) -> str:
    suites = run.measured["iterations"].get(iteration, {}).get("suites", {})
    shares = [modes["greedy"]["flawed"] for modes in suites.values() if "greedy" in modes]
    return percent(shares[0]) if shares else ""


def at_what_cost(run: Run, other: Run | None) -> Answer:
    """Time, memory, draws and tokens: by iteration, and by stage."""
    stages = queries.ask(run.connection, "costs")
    largest = [(row["stage"], row["elapsed_s"]) for row in stages[:MOST_STAGES]]
    title = "Time by stage, all iterations"
    figures = [horizontal_bars(title, largest, "elapsed (s)")] if largest else []
    sides = [run, *([other] if other else [])]
    cells, rows = [], []
    for one in sides:
        for iteration, row in one.measured["iterations"].items():
            name = [one.name] if other else []
            cells.append([
                *name, iteration, duration(row["elapsed_s"]), count(row["draws"]),
                count(row["tokens"]), count(row["training_rows"]),
            ])  # fmt: skip
            kept = {key: value for key, value in row.items() if key != "suites"}
            rows.append({"run": one.name, "iteration": int(iteration), **kept})
    heads = [*(["run"] if other else []), "iteration", "time", "draws", "tokens", "training rows"]
    grids = [Grid(heads, cells, Source(_iterations_sql(run), rows))] if cells else []
    remarks = [f"{other.name}: {_cost_verdict(other)}"] if other else []
    return Answer("cost", "At what cost?", _cost_verdict(run), remarks, figures, grids)


def _iterations_sql(run: Run) -> str:
    return queries.source(run.connection, "iterations").sql


def _cost_verdict(run: Run) -> str:
    """One sentence: time and where most of it went, draws, steps, and the peak of memory."""
    stages = queries.ask(run.connection, "costs")
    if not stages:
        return "No cost was recorded."
    total = sum(row["elapsed_s"] for row in stages)
    largest, peak = stages[0], max(stages, key=lambda row: row["peak_memory_mb"])
    n_draws, n_reused = (sum(r[n] for r in stages) for n in ("n_draws", "n_draws_reused"))
    drawn = f"{with_noun(n_draws, 'completion')} drawn"
    drawn += f" and {count(n_reused)} reused" if n_reused else ""
    n_steps = sum(row["n_optimiser_steps"] for row in stages)
    return (
        f"{duration(total)}, most in {largest['stage']} ({duration(largest['elapsed_s'])}); "
        f"{drawn}; {with_noun(n_steps, 'optimiser step')}; "
        f"at most {count(peak['peak_memory_mb'])} MB of memory, in {peak['stage']}."
    )
