"""The `ratchet` command: the list of its commands, each a module imported when it is asked for.

A command imports what it needs when it runs, so help is instant.
"""

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

# A command `name` is the function of its name in commands/<name>_arguments.py; help has this order.
COMMANDS = (
    "sql",
    "describe",
    "trace",
    "grade",
    "compare",
    "leaderboard",
    "report",
    "control",
    "settings",
    "plan",
    "reproduce",
    "sweep",
    "status",
    "export",
    "ledger",
)
FORM: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}


class Commands(TyperGroup):
    """The commands, each built at its first use; a user's mistake is one line and exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands' names, in the order of help."""
        return [*COMMANDS]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """(name, command, its arguments). An unknown command is compared with all names."""
        if args[0] not in COMMANDS:
            self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None if there is none."""
        if cmd_name in COMMANDS and self.commands.get(cmd_name) is None:
            module = import_module(f"stages.explore.commands.{cmd_name}_arguments")
            alone = typer.Typer(**FORM)
            alone.command(cmd_name)(getattr(module, cmd_name))
            self.commands[cmd_name] = typer.main.get_command(alone)
        return self.commands.get(cmd_name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs a command line and exits."""
        try:
            code = super().main(*args, **(kwargs | {"standalone_mode": False}))
        except (typer.TyperException, typer.Abort) as error:
            _fail(error.format_message() if isinstance(error, typer.TyperException) else "stopped")
        except Exception as error:
            from schemas.errors import RatchetError

            if not isinstance(error, RatchetError):
                raise
            _fail(str(error))
        sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    from schemas.errors import visible

    typer.echo(f"ratchet: {visible(' '.join(message.split()))}", err=True)
    sys.exit(1)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    **(FORM | {"add_completion": True}),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ratchet {version('ratchet')}")
        raise typer.Exit


@app.callback()
def ratchet(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="print only results: no progress bars, no notes")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="print the version", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Explore the run in the current folder and the experiments beside it.

    Example: ratchet --quiet sql --csv "from coverage" > coverage.csv
    """
    if quiet:
        os.environ["RATCHET_QUIET"] = "1"
        context.call_on_close(lambda: os.environ.pop("RATCHET_QUIET", None))


if __name__ == "__main__":
    app()
