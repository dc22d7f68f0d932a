"""What follows `ratchet status`, and what it calls."""

from typing import Annotated

import typer


def status(
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show which stage runs, how far it is, and what is left of the run.

    Reads params.yaml and DVC's lock files, and takes no lock, so it can be asked while `dvc repro`
    or `dvc exp run` works in this folder. Times are what the same stages took before.

    Example: ratchet status --json
    """
    from stages.explore.status.run_status import show_status

    show_status(as_json)
