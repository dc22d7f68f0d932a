"""What follows `ratchet sql`, and what it calls."""

from pathlib import Path
from typing import Annotated

import typer

from stages.explore.commands.result_form import AsCsv, AsJson, AsLong, Parquet
from stages.explore.completion import revisions


def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="one select; without it, a prompt opens")
    ] = None,
    rev: Annotated[
        str, typer.Option(help="git revision or experiment", autocompletion=revisions)
    ] = "workspace",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_long: AsLong = False,
    parquet: Parquet = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--with", metavar="FILE", help="a view of your own file (CSV, JSON, JSONL or Parquet)"
        ),
    ] = None,
) -> None:
    """Query the tables of a run; nothing is changed.

    `ratchet describe` lists the views. Queries can also be piped in, each ending with a semicolon.
    The view of a file --with notes.csv is called notes. Rows too wide for the terminal are shown as
    with --long.

    Example: ratchet sql --rev HEAD~2 "from accuracy where iteration = 2"
    """
    from stages.explore import output
    from stages.explore.sql import query as queries

    form = output.form_of(as_json, as_csv, parquet, as_long)
    if query is not None:
        queries.run_query(query, form, parquet, rev, files or [])
    elif parquet:
        raise typer.BadParameter("--parquet needs a QUERY")
    elif not queries.run_prompt(form, rev, files or []):
        raise typer.Exit(1)
