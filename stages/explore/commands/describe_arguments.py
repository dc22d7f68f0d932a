"""What follows `ratchet describe`, and what it calls."""

from typing import Annotated

import typer

from stages.explore.commands.result_form import AsJson
from stages.explore.completion import views


def describe(
    view: Annotated[
        str | None,
        typer.Argument(metavar="VIEW", help="default: lists the views", autocompletion=views),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the views of a run are, or the columns of one.

    Views are what `ratchet sql` and `ratchet compare --sql` ask: each table of a run, and more that
    are made of them.

    Example: ratchet describe graded_samples
    """
    from stages.explore.sql.describe import describe as describe_view

    describe_view(view, as_json)
