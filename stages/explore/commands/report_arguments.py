"""What follows `ratchet report`, and what it calls."""

from pathlib import Path
from typing import Annotated

import typer

from stages.explore.completion import revisions


def report(
    rev: Annotated[
        str, typer.Argument(help="git revision or experiment", autocompletion=revisions)
    ] = "workspace",
    against: Annotated[
        str | None,
        typer.Option(
            metavar="REV", help="lay this run beside, such as a control", autocompletion=revisions
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="write this page; default: report-against-REV.html"),
    ] = None,
) -> None:
    """Write the report of a run, with another run beside it.

    The first screen says how far the one model is ahead of the other on the same problems, with
    the paired interval; each section has both runs side by side. Without --against, it is the page
    of one run, as `dvc repro` writes it.

    Example: ratchet report --against control
    """
    from stages.explore.report_command import write_report

    write_report(rev, against, out)
