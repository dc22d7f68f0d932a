"""What follows `ratchet grade`, and what it calls."""

from pathlib import Path
from typing import Annotated, Literal

import typer


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
