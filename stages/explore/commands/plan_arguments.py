"""What follows `ratchet plan`, and what it calls."""

from typing import Annotated

import typer

from stages.explore.commands.run_options import Probe


def plan(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="as after `dvc exp run -S`"),
    ] = None,
    gpu: Annotated[
        str | None, typer.Option(help="plan for this GPU, such as h100-80gb; default: this machine")
    ] = None,
    gpus: Annotated[int, typer.Option(min=1, help="how many of --gpu")] = 1,
    probe: Probe = False,
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
