"""What follows `ratchet reproduce`, and what it calls."""

from pathlib import Path
from typing import Annotated

import typer

from stages.explore.commands.result_form import Parquet
from stages.explore.commands.run_options import Jobs, MakeRuns, Probe


def reproduce(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[PAPER/TABLE]",
            help="such as sipf/1, gsi/figure3 or sipf; default: all",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("-S", metavar="NAME=VALUE", help="as after `dvc exp run -S`; seed=0,1,2 too"),
    ] = None,
    run: MakeRuns = False,
    jobs: Jobs = 1,
    queue: Annotated[
        bool, typer.Option("--queue", help="put the missing runs into DVC's queue instead")
    ] = False,
    probe: Probe = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one row per cell")] = False,
    parquet: Parquet = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="add the table to this page: report.html, or a new one"),
    ] = None,
) -> None:
    """Reproduce a table or figure of the papers, ours beside theirs.

    Shows which runs a table needs, which of them are there, and what the others will take. With
    some there, prints the table in the paper's layout.

    Example: ratchet reproduce sipf/1 -S task=toy -S model=tiny --run
    """
    from stages.explore.reproduce import reproduce_command

    if run and queue:
        raise typer.BadParameter("--run and --queue exclude each other: choose one")
    wanted = reproduce_command.Wanted(
        settings or [], run, jobs, queue, probe, as_json, parquet, html
    )
    raise typer.Exit(reproduce_command.start(table, wanted))
