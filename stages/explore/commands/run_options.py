"""Options of the commands that plan or make runs."""

from typing import Annotated

import typer

Jobs = Annotated[int, typer.Option("-j", "--jobs", min=1, help="how many runs at once")]
Probe = Annotated[
    bool, typer.Option("--probe", help="measure speeds here for some seconds, for the time")
]
MakeRuns = Annotated[
    bool, typer.Option("--run", help="make the missing runs, in folders of their own")
]
