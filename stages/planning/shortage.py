"""Runs that are sure to lack memory, refused before anything is made."""

from pathlib import Path
from typing import Any

from schemas.errors import RatchetError
from stages.compute.compute_settings import has_gpu
from stages.planning.machines import Machine, find_machine, main_memory
from stages.planning.measured import Measured
from stages.planning.memory_split import GIB
from stages.planning.plan import make_plan
from stages.planning.planned_run import Run, StagePlan
from stages.planning.shapes import find_shape

ON_CLUSTER = ("sample", "guide", "label", "correct", "evaluate", "score")  # with compute.ray
LEAST = Measured(1, 1, 1, prompt_tokens=1)  # the work of a run that has hardly any


def refuse_shortage(p: Any, machine: Machine | None = None) -> None:
    """Raises RatchetError if a stage takes more than the machine has, whatever its rows are.

    Only sizes that follow from parameters alone count: weights, gradients, moments and reference.
    Nothing is refused if the model's sizes are not known yet. `machine`: None for this one.
    """
    shape = find_shape(p.model)
    if shape is None:
        return
    here = machine or find_machine()
    short = _short_stages(Run(p, here, LEAST, shape, exact=False))
    if short and machine is None and here.gpus and not has_gpu():  # torch does not see the GPU
        here = Machine("this machine's memory", main_memory(), 0)
        short = _short_stages(Run(p, here, LEAST, shape, exact=False))
    if short:
        worst = max(short, key=_lower_bound)
        least = f"{_lower_bound(worst) / GIB:.0f} GiB"
        raise RatchetError(
            f"params.yaml: stage {worst.stage} takes at least {least}, more than "
            f"{here.title}: set {', '.join(worst.remedies)}, or choose a smaller model "
            "(`ratchet plan` shows each stage)"
        )


def _short_stages(run: Run) -> list[StagePlan]:
    limit = run.machine.memory + (0 if run.machine.gpus else swap())
    elsewhere = ON_CLUSTER if run.p.compute.ray is not None else ()
    plans = [plan for plan in make_plan(run) if plan.stage not in elsewhere]
    return [plan for plan in plans if _lower_bound(plan) > limit]


def _lower_bound(plan: StagePlan) -> float:
    return plan.memory.certain if plan.memory else 0.0


def swap() -> float:
    """Bytes that the machine can move to disk."""
    file = Path("/proc/meminfo")
    lines = file.read_text().splitlines() if file.exists() else []
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("SwapTotal:"))
