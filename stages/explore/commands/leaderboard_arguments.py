"""What follows `ratchet leaderboard`, and what it calls."""

from typing import Annotated

import typer


def leaderboard(
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one row per result")] = False,
    suite: Annotated[str | None, typer.Option(help="only this evaluation suite")] = None,
    mode: Annotated[str | None, typer.Option(help="only greedy, or only vote")] = None,
) -> None:
    """Show accuracy by method and iteration.

    Reads metrics.json here, in the commit and in every DVC experiment; a run without evaluations
    has no row. Runs of one recipe that differ in more than the seed have separate rows.

    Example: ratchet leaderboard --mode greedy
    """
    from stages.explore.leaderboard import show

    show(as_json, suite, mode)
