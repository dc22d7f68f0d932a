"""The `ratchet` command. Each command imports what it needs when it runs, so help is instant."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from stages.explore.completion import revisions, tables
from stages.explore.export.export_command import export
from stages.explore.status.status_command import status


class OneLineErrors(TyperGroup):
    """Prints an error that a user can fix as one line on stderr, with exit code 1."""

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
    cls=OneLineErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
AsCsv = Annotated[bool, typer.Option("--csv", help="print CSV with a header")]
Parquet = Annotated[Path | None, typer.Option(metavar="FILE", help="write the rows to this file")]


@app.callback()
def ratchet(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="print only results: no progress bars, no notes")
    ] = False,
) -> None:
    """Explore the run in the current folder and the experiments beside it.

    Example: ratchet --quiet sql --csv "from coverage" > coverage.csv
    """
    if quiet:
        os.environ["RATCHET_QUIET"] = "1"
        context.call_on_close(lambda: os.environ.pop("RATCHET_QUIET", None))


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="one select; without it, a prompt opens")
    ] = None,
    rev: Annotated[
        str, typer.Option(help="git revision or experiment", autocompletion=revisions)
    ] = "workspace",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: Parquet = None,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--with", metavar="FILE", help="a view of your own file (CSV, JSON, JSONL or Parquet)"
        ),
    ] = None,
) -> None:
    """Query the tables of a run; nothing is changed.

    `show tables` lists the views, `describe VIEW` its columns. Queries can also be piped in, each
    ending with a semicolon. The view of a file --with notes.csv is called notes.

    Example: ratchet sql --rev HEAD~2 "from accuracy where iteration = 2"
    """
    from stages.explore import output
    from stages.explore.sql import query as queries

    form = output.form_of(as_json, as_csv, parquet)
    if query is not None:
        queries.run_query(query, form, parquet, rev, files or [])
    elif parquet:
        raise typer.BadParameter("--parquet needs a QUERY")
    elif not queries.run_prompt(form, rev, files or []):
        raise typer.Exit(1)


@app.command()
def trace(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="of a sample, path, rollout or problem; a unique prefix is enough"
        ),
    ],
) -> None:
    """Show everything recorded about a sample, path or problem.

    Prints the question, the steps with labels and scores, the training rows made of them, and what
    later iterations did. A rollout's id works too.

    Example: ratchet trace 3f9a1c
    """
    from stages.explore.trace.trace import trace as trace_id

    trace_id(name)


@app.command()
def grade(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSONL, JSON, CSV or Parquet")],
    out: Annotated[
        Path | None,
        typer.Option(help="write this .jsonl or .parquet file; default: JSONL on standard output"),
    ] = None,
    kind: Annotated[str, typer.Option(help="kind of the rows without a field `kind`")] = "math",
    workers: Annotated[int, typer.Option(help="number of processes")] = 2,
    timeout: Annotated[float, typer.Option(help="CPU seconds for each answer")] = 5.0,
    sandbox: Annotated[
        Literal["bubblewrap", "none"],
        typer.Option(help="none: programs run with your own permissions"),
    ] = "bubblewrap",
    extract: Annotated[
        Literal["stated", "flexible"],
        typer.Option(help="flexible: the last value counts where no answer is stated"),
    ] = "stated",
) -> None:
    """Grade the predictions in the rows of a file.

    A row has the fields reference, prediction and, unless it is math, kind. A prediction is a bare
    answer or a whole solution. Kinds: math; choice (a letter or, with a list `options`, a value);
    program (its output is the answer); code (the reference is a list of tests). The rows come back
    in the same order, with `outcome` (correct, wrong, unparseable, timeout, error), `extracted` and
    `detail` added, and the outcomes by the stated answer and by the last value.

    Example: ratchet grade answers.jsonl --out graded.jsonl
    """
    from stages.explore.grade_file import grade_file

    grade_file(file, out, kind, workers, timeout, sandbox, extract)


@app.command()
def compare(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="git revision or experiment", autocompletion=revisions),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B", help="another; workspace: the files here", autocompletion=revisions
        ),
    ] = "workspace",
    table: Annotated[
        str | None, typer.Option(help="compare this table row by row", autocompletion=tables)
    ] = None,
    sql: Annotated[str | None, typer.Option(help="a select over the schemas a and b")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: Parquet = None,
) -> None:
    """Compare two revisions of a run.

    Shows the differences in parameters, rows, problems solved, the tail, verdicts, step labels,
    rewards, training rows, coverage, accuracy and cost.

    With --sql, each view exists in both schemas (a.accuracy, b.accuracy). Extra views
    (verdict_flips, label_flips, reward_shifts, problem_moves, tail_moves, pair_moves) have one row
    per difference. --csv and --parquet write the query's rows.

    Example: ratchet compare main exp-7
    """
    from stages.explore import output
    from stages.explore.comparison import compare as comparing

    comparing.show(a, b, table, sql, output.form_of(as_json, as_csv, parquet), parquet)


@app.command()
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


@app.command()
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


@app.command()
def plan(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="as after `dvc exp run -S`"),
    ] = None,
    gpu: Annotated[
        str | None, typer.Option(help="plan for this GPU, such as h100-80gb; default: this machine")
    ] = None,
    gpus: Annotated[int, typer.Option(min=1, help="how many of --gpu")] = 1,
    probe: Annotated[
        bool, typer.Option("--probe", help="measure speeds here for some seconds, for the time")
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="print what the models of conf/model take, as Markdown")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one row per stage")] = False,
) -> None:
    """Show what a run will take before it starts: draws, tokens, memory, disk and time.

    Without arguments, the run is that of params.yaml; with some, it is composed from conf/ as
    `dvc exp run` would. Counts and lengths are those of data/ if the task's problems are there.

    Example: ratchet plan recipe=sipf task=gsm8k model=gemma-2b --gpu h100-80gb
    """
    if table:
        from stages.contract.memory_page import memory_table

        typer.echo(memory_table())
        return
    from stages.explore.plan_command import show_plan

    show_plan(overrides or [], gpu, gpus, probe, as_json)


@app.command()
def reproduce(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[PAPER/TABLE]",
            help="such as sipf/1, gsi/figure3 or sipf; default: all",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("-S", metavar="NAME=VALUE", help="as after `dvc exp run -S`; seed=0,1,2 too"),
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="make the missing runs, one after another")
    ] = False,
    queue: Annotated[
        bool, typer.Option("--queue", help="put the missing runs into DVC's queue instead")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="measure speeds here for some seconds, for the time")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one row per cell")] = False,
    parquet: Parquet = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="add the table to this page: report.html, or a new one"),
    ] = None,
) -> None:
    """Reproduce a table or figure of the papers, ours beside theirs.

    Shows which runs a table needs, which of them are there, and what the others will take. With
    some there, prints the table in the paper's layout.

    Example: ratchet reproduce sipf/1 -S task=toy -S model=tiny --run
    """
    from stages.explore.reproduce import reproduce_command

    if run and queue:
        raise typer.BadParameter("--run and --queue exclude each other: choose one")
    wanted = reproduce_command.Wanted(settings or [], run, queue, probe, as_json, parquet, html)
    raise typer.Exit(reproduce_command.start(table, wanted))


@app.command()
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


app.command()(export)
app.command()(status)


if __name__ == "__main__":
    app()
