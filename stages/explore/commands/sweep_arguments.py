"""What follows `ratchet sweep`, and what it calls."""

from pathlib import Path
from typing import Annotated

import typer

from stages.explore.commands.result_form import AsJson
from stages.explore.commands.run_options import Jobs, MakeRuns, Probe


def sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML: settings, or lists of them")],
    settings: Annotated[
        list[str] | None,
        typer.Option("-S", metavar="NAME=VALUE", help="for all runs, in place of the file's"),
    ] = None,
    run: MakeRuns = False,
    jobs: Jobs = 1,
    probe: Probe = False,
    as_json: AsJson = False,
) -> None:
    """Show the runs of a sweep, or make those that are missing.

    A setting of the file whose value is a list takes each of them in turn. Shows which runs are
    there, under way or failed, and what the others will take; what was made is never made again.
    Runs share their draws, also those that are made at the same time.

    Example: ratchet sweep seeds.yaml --run --jobs 2
    """
    from stages.explore.sweep.sweep_command import show_sweep

    raise typer.Exit(show_sweep(file, settings or [], run, jobs, probe, as_json))
