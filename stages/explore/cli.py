"""The `ratchet` command. Each command imports what it needs when it runs, so help is instant."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from stages.explore.completion import revisions, tables


class OneLineErrors(TyperGroup):
    """What a user can mend is one line on stderr and exit code 1, never a traceback."""

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
    typer.echo(f"ratchet: {' '.join(message.split())}", err=True)
    sys.exit(1)


app = typer.Typer(
    cls=OneLineErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV with a header")]
Parquet = Annotated[Path | None, typer.Option(metavar="FILE", help="writes the rows to a file")]


@app.callback()
def ratchet(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="results only: no progress bars, no remarks")
    ] = False,
) -> None:
    """Looks at the run in the current folder and at the experiments beside it.

    Example: ratchet --quiet sql --csv "from coverage" > coverage.csv
    """
    if quiet:
        os.environ["RATCHET_QUIET"] = "1"
        context.call_on_close(lambda: os.environ.pop("RATCHET_QUIET", None))


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="one select; a prompt if left out")
    ] = None,
    rev: Annotated[
        str, typer.Option(help="git revision or experiment", autocompletion=revisions)
    ] = "workspace",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: Parquet = None,
) -> None:
    """Asks the tables of a run; changes nothing.

    `show tables` lists the views, `describe VIEW` its columns. Queries may also come on standard
    input, each with a semicolon at its end.

    Example: ratchet sql --rev HEAD~2 "from accuracy where iteration = 2"
    """
    from stages.explore import output
    from stages.explore.sql import query as queries

    form = output.form_of(as_json, as_csv, parquet)
    if query is not None:
        queries.run_query(query, form, parquet, rev)
    elif parquet:
        raise typer.BadParameter("--parquet needs a QUERY")
    elif not queries.run_prompt(form, rev):
        raise typer.Exit(1)


@app.command()
def trace(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="of a sample, path or problem; 4 characters do")
    ],
) -> None:
    """The life of a sample, path or problem.

    Question, steps with labels and scores, the training rows they entered, later iterations.

    Example: ratchet trace 3f9a1c
    """
    from stages.explore.trace.trace import trace as trace_id

    trace_id(name)


@app.command()
def grade(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSONL, JSON, CSV or Parquet")],
    out: Annotated[
        Path | None, typer.Option(help="a .jsonl or .parquet file; JSONL to standard output else")
    ] = None,
    kind: Annotated[str, typer.Option(help="of rows without a field kind")] = "math",
    workers: Annotated[int, typer.Option(help="processes")] = 2,
    timeout: Annotated[float, typer.Option(help="CPU seconds for one answer")] = 5.0,
    sandbox: Annotated[
        Literal["bubblewrap", "none"], typer.Option(help="none: programs run with your own rights")
    ] = "bubblewrap",
) -> None:
    """Grades the rows of a file: reference, prediction and, where it is not math, kind.

    A prediction is a bare answer or a whole solution. Kinds: math; choice (a letter, with a list
    `options` the value too); program (what it prints is the answer); code (the reference is a list
    of tests). The same rows come back in order, with `outcome` (correct, wrong, unparseable,
    timeout, error) and `extracted`.

    Example: ratchet grade answers.jsonl --out graded.jsonl
    """
    from stages.explore.grade_file import grade_file

    grade_file(file, out, kind, workers, timeout, sandbox)


@app.command()
def compare(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="git revision or experiment", autocompletion=revisions),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B", help="another; the files here if left out", autocompletion=revisions
        ),
    ] = "workspace",
    table: Annotated[
        str | None, typer.Option(help="one table, row by row", autocompletion=tables)
    ] = None,
    sql: Annotated[
        str | None, typer.Option(help="a select of your own over the schemas a and b")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: Parquet = None,
) -> None:
    """What two revisions of a run do not share.

    Parameters, rows, problems solved, the tail, verdicts, step labels, rewards, training rows,
    coverage, accuracy and cost; what does not differ is not named. For --sql every view is there
    twice, as a.accuracy and b.accuracy, and so are verdict_flips, label_flips, reward_shifts,
    problem_moves, tail_moves and pair_moves, a row for each difference; --csv and --parquet are
    for its rows.

    Example: ratchet compare main exp-7
    """
    from stages.explore import output
    from stages.explore.comparison import compare as comparing

    comparing.show(a, b, table, sql, output.form_of(as_json, as_csv, parquet), parquet)


@app.command()
def leaderboard(
    as_json: Annotated[bool, typer.Option("--json", help="a JSON list, a row per result")] = False,
    suite: Annotated[str | None, typer.Option(help="one evaluation suite only")] = None,
    mode: Annotated[str | None, typer.Option(help="greedy or vote only")] = None,
) -> None:
    """Accuracy by method and iteration.

    Reads metrics.json here, in the commit and in every DVC experiment; runs without evaluations
    have no row. Runs of a recipe that differ in more than the seed have rows of their own.

    Example: ratchet leaderboard --mode greedy
    """
    from stages.explore.leaderboard import show

    show(as_json, suite, mode)


@app.command()
def ledger(
    prune: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="delete this model's draws; 4 characters do"),
    ] = None,
    prune_unused: Annotated[
        bool, typer.Option(help="delete the draws of models that no revision or workspace has")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="delete without asking")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON list, a row per model")] = False,
) -> None:
    """What the generation ledger holds of each model, and where in this repository that model is.

    Deleting draws changes no table; a stage that asks for them again makes them again.

    Example: ratchet ledger --prune 3f9a
    """
    from stages.explore.ledger import inventory

    if prune or prune_unused:
        inventory.delete(prune, prune_unused, yes)
    else:
        inventory.show(as_json)


if __name__ == "__main__":
    app()
