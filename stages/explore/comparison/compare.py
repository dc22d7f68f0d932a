"""`ratchet compare`: shows the differences between two revisions of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.catalog import TABLES
from schemas.errors import RatchetError
from schemas.path_scores import PathScores
from schemas.step_labels import StepLabels
from stages.explore import output
from stages.explore.comparison import changes, differences, sides
from stages.explore.comparison.differences import SECTIONS, Rows, Section
from stages.explore.comparison.parameters import differing_parameters
from stages.explore.comparison.several import compare_several
from stages.explore.comparison.shared_rows import SharedRows
from stages.explore.comparison.sides import Sides
from stages.explore.comparison.verdict import find_verdicts, sentences
from stages.explore.comparison.verdict_flips import find_verdict_flips
from stages.explore.output import Form
from stages.explore.sql import one_select
from stages.pipeline.progress_bar import progress_bar
from stages.results import terminal

EXAMPLES = 10


def show(
    names: Sequence[str], table: str | None, sql: str | None, form: Form, parquet: Path | None
) -> None:
    """Compares everything, one table or by a query. Raises RatchetError for options that clash."""
    if sql is not None and table is None:
        compare_sql(names, sql, form, parquet)
    elif form in ("csv", "long") or parquet or sql is not None:
        raise RatchetError("--csv, --long and --parquet need --sql, and --sql excludes --table")
    elif table is not None and len(names) > 2:
        raise RatchetError("--table compares two revisions: name two")
    elif table is not None:
        compare_table(names[0], names[1], table, form == "json")
    elif len(names) > 2:
        compare_several(names[0], names[1:], form == "json")
    else:
        compare(names[0], names[1], form == "json")


def compare(a: str, b: str, as_json: bool) -> None:
    """Prints a summary of every difference.

    a, b: a git revision, the name of an experiment, or "workspace". Raises RatchetError if a
    revision is unknown or its tables are not in the cache.
    """
    with sides.open_sides(a, b) as both:
        result = find_differences(both)
        if as_json:
            print(output.dumps(result))
            return
        _print(both, result)


def compare_table(a: str, b: str, noun: str, as_json: bool) -> None:
    """Prints how one table's rows differ. Raises RatchetError as `compare` and `keyed_table` do."""
    table = changes.keyed_table(noun)
    with sides.open_sides(a, b) as both:
        result = changes.find_row_changes(both, table)
        if as_json:
            print(output.dumps(result))
            return
        _print_remarks(both)
        for block in changes.render(result):
            terminal.console().print(block)


def compare_sql(names: Sequence[str], text: str, form: Form, parquet: Path | None) -> None:
    """Answers one select over the schemas a, b, …, and the views over all revisions.

    Of two revisions there are also the views that compare them.
    """
    with sides.open_all(names) as (connection, runs):
        one_select.seal(connection, *(run.root for run in runs), parquet=parquet)
        one_select.show_select(connection, text, form, parquet)


def find_differences(both: Sides) -> dict[str, Any]:
    """Every section's rows, and first examples of some; all of it fits into JSON."""
    result: dict[str, Any] = {
        "a": _describe_run(both.a),
        "b": _describe_run(both.b),
        "verdict": find_verdicts(both),
        "remarks": both.remarks(),
        "parameters": differing_parameters(both.a.params, both.b.params),
    }
    shared = SharedRows(both.a, both.b)
    both.materialise("problem_moves", "tail_moves")
    both.replace("verdict_flips", find_verdict_flips(shared, both.answers()))
    both.replace("labels_of_both", shared.columns(StepLabels, "label"))
    both.replace("rewards_of_both", shared.columns(PathScores, "reward"))
    with progress_bar("compare", len(SECTIONS)) as advance:
        for section in SECTIONS:
            result[section.name] = _section_rows(both, shared, section)
            if section.rows_view:
                first = f"from {section.rows_view} order by all limit {EXAMPLES}"
                result[section.rows_view] = both.ask(first)
            advance(1)
    return result


def _section_rows(both: Sides, shared: SharedRows, section: Section) -> Rows:
    if section.name == "tables":
        return [shared.count(table) for table in TABLES if table.primary_key()]
    rows = both.ask(section.name)
    return differences.add_intervals(rows) if section.table is differences.shares else rows


def _describe_run(run: Any) -> dict[str, Any]:
    """The facts by which a reader identifies a run."""
    composed = run.params.get("run")
    return {
        "revision": run.name,
        "run": composed if isinstance(composed, dict) else {},
        "seed": run.params.get("seed"),
        "iterations": run.iterations(),
    }


def _print(both: Sides, result: dict[str, Any]) -> None:
    console = terminal.console()
    for sentence in sentences(result["verdict"]):
        console.print(sentence, "\n", markup=False)
    for side in "ab":
        run = result[side]
        iterations = ", ".join(map(str, run["iterations"])) or "none"
        seed = [] if run["seed"] is None else [f"seed {run['seed']}"]
        description = ", ".join([*map(str, run["run"].values()), *seed, f"iterations {iterations}"])
        console.print(f"{side}  {run['revision']}  ({description})", markup=False)
    _print_remarks(both)
    blocks = [_parameters_table(result["parameters"])] if result["parameters"] else []
    for section in SECTIONS:
        heads, cells = section.table(result[section.name])
        if cells:
            blocks.append(
                terminal.filled_columns_table(heads, cells, section.title, section.n_keys)
            )
            blocks += _examples(section, result)
    for block in blocks or [f"{both.a.name} and {both.b.name} do not differ"]:
        console.print(block, markup=False)
    if row_views := [s.rows_view for s in SECTIONS if result.get(s.rows_view or "")]:
        queries = " or ".join(f"'from {view}'" for view in row_views)
        terminal.note(f"to see every row, run ratchet compare A B --sql with {queries}")


def _print_remarks(both: Sides) -> None:
    for line in both.remarks():
        terminal.note(line)


def _parameters_table(rows: Rows) -> Any:
    cells = [[row["name"], *(_value(row, side) for side in "ab")] for row in rows]
    return terminal.table(["parameter", "a", "b"], cells, "parameters")


def _value(row: dict[str, Any], side: str) -> str:
    return output.dumps(row[side]) if side in row else "–"


def _examples(section: Section, result: dict[str, Any]) -> list[Any]:
    """The first of the rows that a section counts."""
    if not section.rows_view:
        return []
    rows = result[section.rows_view]
    if section.name == "verdicts":
        cells = [[row["iteration"], row["problem_id"], row["sample_id"][:8], row["reference"],
                  *(f"{row[f'outcome_{s}']}: {row[f'extracted_{s}'] or '–'}" for s in "ab")]
                 for row in rows]  # fmt: skip
        heads = ["iteration", "problem", "sample", "reference", "a", "b"]
        return [terminal.table(heads, cells, "such as")]
    moves = dict.fromkeys(f"{row['problem_id']} ({row['move']})" for row in rows)
    return [f" such as {terminal.plain_text(', '.join(moves))}"]
