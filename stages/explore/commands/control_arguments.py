"""What follows `ratchet control`, and what it calls."""

from typing import Annotated

import typer

from stages.explore.completion import revisions


def control(
    rev: Annotated[
        str, typer.Argument(help="git revision or experiment", autocompletion=revisions)
    ] = "workspace",
    recipe: Annotated[str, typer.Option(help="control or gold_control")] = "control",
) -> None:
    """Print the command that runs a control beside a run.

    The control trains on gold rows, for exactly as many optimiser steps and as many tokens, to
    within a row, as each iteration of the run did; task, model, seed and rates are the run's.

    Example: ratchet control sipf-1 --recipe gold_control
    """
    from stages.explore.control_command import show_control

    show_control(rev, recipe)
