"""What follows `ratchet compare`, and what it calls."""

from typing import Annotated

import typer

from stages.explore.commands.result_form import AsCsv, AsJson, Parquet
from stages.explore.completion import revisions, tables


def compare(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="git revision or experiment", autocompletion=revisions),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B", help="another; workspace: the files here", autocompletion=revisions
        ),
    ] = "workspace",
    table: Annotated[
        str | None, typer.Option(help="compare this table row by row", autocompletion=tables)
    ] = None,
    sql: Annotated[str | None, typer.Option(help="a select over the schemas a and b")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: Parquet = None,
) -> None:
    """Compare two revisions of a run.

    Shows the differences in parameters, rows, problems solved, the tail, verdicts, step labels,
    rewards, training rows, coverage, accuracy and cost.

    With --sql, each view exists in both schemas (a.accuracy, b.accuracy). Extra views
    (verdict_flips, label_flips, reward_shifts, problem_moves, tail_moves, pair_moves) have one row
    per difference. --csv and --parquet write the query's rows.

    Example: ratchet compare main exp-7
    """
    from stages.explore import output
    from stages.explore.comparison import compare as comparing

    comparing.show(a, b, table, sql, output.form_of(as_json, as_csv, parquet), parquet)
