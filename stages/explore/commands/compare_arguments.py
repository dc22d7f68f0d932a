"""What follows `ratchet compare`, and what it calls."""

from typing import Annotated

import typer

from stages.explore.commands.result_form import AsCsv, AsJson, AsLong, Parquet
from stages.explore.completion import revisions, tables


def compare(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="git revision or experiment", autocompletion=revisions),
    ],
    b: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[B]...",
            help="others, or workspace: the files here",
            autocompletion=revisions,
            show_default="workspace",
        ),
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="compare this table row by row", autocompletion=tables)
    ] = None,
    sql: Annotated[str | None, typer.Option(help="a select over the schemas a and b")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_long: AsLong = False,
    parquet: Parquet = None,
) -> None:
    """Say which of two or more revisions answers better, and how they differ.

    Begins with the difference in accuracy of the last models on the same problems, its 95% interval
    and a paired test. Of two revisions, goes on with parameters, rows, problems solved, the tail,
    verdicts, step labels, rewards, training rows, coverage, accuracy and cost.

    With --sql, each view exists for every revision (a.accuracy, b.accuracy, …), and for all of them
    with a column `revision` (accuracy). Of two there are more (verdict_flips, label_flips,
    reward_shifts, problem_moves, tail_moves, pair_moves) with one row per difference.

    Example: ratchet compare main exp-7
    """
    from stages.explore import output
    from stages.explore.comparison import compare as comparing

    form = output.form_of(as_json, as_csv, parquet, as_long)
    comparing.show([a, *(b or ["workspace"])], table, sql, form, parquet)
