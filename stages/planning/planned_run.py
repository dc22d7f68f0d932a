"""What a plan is made of: the run that it is for, and one stage of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from stages.models.model_settings import Shape
from stages.planning.draws import Work
from stages.planning.machines import Machine
from stages.planning.measured import Measured
from stages.planning.memory_split import Memory
from stages.planning.model_memory import Device
from stages.planning.shapes import CONFIG, model_folders

HALF = ("bfloat16", "float16")


@dataclass(frozen=True)
class StagePlan:
    """One stage in one iteration. `memory` is None if the stage loads no model, or a remote one.

    `remedies`: the settings that lower its memory.
    """

    stage: str
    iteration: int
    work: Work
    memory: Memory | None
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """What every part of a plan asks for."""

    p: Any  # every section of the parameters, under its name
    machine: Machine
    measured: Measured
    shape: Shape  # of the policy
    exact: bool = True  # False: choose what takes less wherever it is not sure

    @property
    def device(self) -> Device:
        """Where models run."""
        return Device(self.machine.gpus > 0)

    @property
    def stored_width(self) -> int:
        """Bytes of a number in the model's folder: 4 for one made from scratch, by default 2."""
        model = self.p.model
        if model.kind == "scratch":
            return 4
        for folder in model_folders(model):
            file = folder / CONFIG
            if file.is_file():
                config = json.loads(file.read_text())
                saved = config.get("dtype") or config.get("torch_dtype")
                return 2 if saved in HALF else 4
        return 2
