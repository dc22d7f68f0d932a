"""What follows `ratchet trace`, and what it calls."""

from typing import Annotated

import typer


def trace(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="of a sample, path, rollout, pair, example or problem; its start will do",
        ),
    ],
) -> None:
    """Show everything recorded about a sample, path, training row or problem.

    Prints the question, the steps with labels and scores, the training rows made of them, and what
    later iterations did.

    Example: ratchet trace 3f9a1c
    """
    from stages.explore.trace.trace import trace as trace_id

    trace_id(name)
