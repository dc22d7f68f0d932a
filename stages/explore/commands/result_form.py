"""The options by which a command's rows are asked for as JSON, CSV or Parquet."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
AsCsv = Annotated[bool, typer.Option("--csv", help="print CSV with a header")]
AsLong = Annotated[
    bool, typer.Option("--long", help="print each row as a block, a line for each column")
]
Parquet = Annotated[Path | None, typer.Option(metavar="FILE", help="write the rows to this file")]
