"""`ratchet plan`: what the run of these parameters will take, before it starts."""

from __future__ import annotations

import re
from typing import Any

import yaml

from schemas.errors import RatchetError
from stages.contract.dvc_files import ROOT, params
from stages.contract.parsed_parameters import parse_parameters
from stages.contract.settings_page import setting_entries
from stages.explore.find_setting import nearest
from stages.explore.output import dumps
from stages.pipeline.params import load
from stages.planning.machines import Machine, find_machine, named_machine
from stages.planning.measured import measure_work
from stages.planning.plan import make_plan, new_run
from stages.planning.plan_text import show, stage_rows
from stages.planning.probe import measure_speeds

UNKNOWN = re.compile(r"Could not override '([\w.]+)'.*To append")  # of Hydra's message


def show_plan(overrides: list[str], gpu: str | None, gpus: int, probe: bool, as_json: bool) -> None:
    """Prints the plan. Raises RatchetError if the parameters or the GPU's name are wrong."""
    machine = named_machine(gpu, gpus) if gpu else find_machine()
    if probe and gpu:
        raise RatchetError("--probe measures this machine: leave out --gpu")
    values = compose(overrides) if overrides else load()
    p = parse_parameters(values)
    if p.model.kind == "none":
        raise RatchetError("model.kind is none: this run loads no model, so there is no plan")
    run = new_run(_spread(p, machine), machine, measure_work(p, values))
    plans = make_plan(run)
    speeds = measure_speeds(run) if probe else None
    if as_json:
        print(dumps(stage_rows(run, plans, speeds)))
    else:
        show(run, plans, speeds)


def compose(overrides: list[str]) -> dict[str, Any]:
    """The parameters that `dvc exp run -S OVERRIDE …` would have.

    Raises RatchetError for an override that conf/ does not know.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        values: dict[str, Any] = yaml.safe_load(params(*overrides))
    except (HydraException, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        if unknown := UNKNOWN.search(reason):
            known = setting_entries(ROOT / "conf")
            hint = nearest(unknown[1], known)
            raise RatchetError(f"there is no setting {unknown[1]}: {hint}") from error
        raise RatchetError(f"{' '.join(overrides)} can't be composed ({reason[:200]})") from error
    return values


def _spread(p: Any, machine: Machine) -> Any:
    """With compute.launch, as many processes as the named machine has GPUs."""
    launch = p.compute.launch
    if launch is not None and machine.gpus > 1:
        launch = launch.model_copy(update={"processes": machine.gpus})
        p.compute = p.compute.model_copy(update={"launch": launch})
    return p
