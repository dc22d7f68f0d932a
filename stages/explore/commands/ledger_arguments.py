"""What follows `ratchet ledger`, and what it calls."""

from typing import Annotated

import typer


def ledger(
    prune: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="delete this model's draws; a unique prefix is enough"),
    ] = None,
    prune_unused: Annotated[
        bool,
        typer.Option(help="delete the draws that no revision, workspace or server can ask for"),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only show what would be deleted")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="delete without asking")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one row per model")] = False,
) -> None:
    """List what the generation ledger holds of each model.

    Also shows where in this repository each model is. Deleting draws changes no table; a stage
    that needs them again draws them again.

    Example: ratchet ledger --prune 3f9a
    """
    from stages.explore.ledger import inventory

    if prune or prune_unused or dry_run:
        inventory.delete(prune, prune_unused, dry_run, yes)
    else:
        inventory.show(as_json)
