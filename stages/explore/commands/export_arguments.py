"""What follows `ratchet export`, and what it calls."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stages.explore.completion import revisions

DATA = ("pairs", "examples", "step_labels", "paths", "samples")
MODELS = ("model", "verifier")
WHAT = (*DATA, *MODELS)


def export(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="WHAT", help=f"one of {', '.join(WHAT)}", autocompletion=lambda: list(WHAT)
        ),
    ] = None,
    iteration: Annotated[
        int | None,
        typer.Argument(
            metavar="ITERATION",
            help="rows of this iteration alone, or its model; default: distinct rows of all "
            "iterations, or the last model",
            min=0,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="default: exports/ and what is in it")
    ] = None,
    rev: Annotated[
        str,
        typer.Option(help="git revision or experiment, of a table", autocompletion=revisions),
    ] = "workspace",
    test_share: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="share of problems in the split `test`")
    ] = 0.1,
    lm_eval: Annotated[
        bool,
        typer.Option("--lm-eval", help="write the run's suites as tasks of lm-evaluation-harness"),
    ] = False,
    push: Annotated[
        str | None,
        typer.Option(metavar="OWNER/NAME", help="push the folder to the hub too, as private"),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="with --push: as public")] = False,
) -> None:
    """Write rows or a model as a folder that Hugging Face's tools read.

    Rows: `load_dataset(FOLDER)` reads them, no row twice, with the column names of TRL's trainers.
    model, verifier: one of the run's, with a card; a model has a chat template that asks as
    training did. --lm-eval, alone or with model, writes tasks that grade as this run does.

    Example: ratchet export pairs --out pairs --push me/sipf-pairs
    """
    if what is None and not lm_eval:
        raise typer.BadParameter(f"name one of {', '.join(WHAT)}", param_hint="WHAT")
    if what is not None and what not in WHAT:
        raise typer.BadParameter(f"{what!r} is none of {', '.join(WHAT)}", param_hint="WHAT")
    if lm_eval and what not in (None, "model"):
        raise typer.BadParameter("--lm-eval goes alone, or with model")
    if public and not push:
        raise typer.BadParameter("--public needs --push")
    from stages.explore.export import export_folders

    if what in DATA:
        folder = export_folders.export_rows(what, iteration, out, rev, test_share)
    elif what is not None:
        folder = export_folders.export_model(what, iteration, out, rev)
    if lm_eval:
        tasks = export_folders.export_tasks(out, rev, folder if what else None)
        folder = folder if what else tasks
    if push:
        kind: Literal["dataset", "model"] = "model" if what in MODELS else "dataset"
        export_folders.push_folder(folder, push, kind, not public)
