"""What follows `ratchet settings`, and what it calls."""

from typing import Annotated

import typer

from stages.explore.commands.result_form import AsJson


def settings(
    word: Annotated[
        str | None,
        typer.Argument(metavar="WORD", help="of a name or a meaning; default: lists all"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find settings, with the value here, the one in conf/, and what they are.

    Example: ratchet settings margin
    """
    from stages.explore.find_setting import show_settings

    show_settings(word, as_json)
