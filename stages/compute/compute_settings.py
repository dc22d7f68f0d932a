"""Section `compute`, and how each process sets up torch."""

import os
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from stages.pipeline.params import Section
from stages.pipeline.progress_bar import is_quiet


class RaySettings(BaseModel):
    """A Ray cluster to draw, score and grade on; all nodes must see the run's folder."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    address: str = Field(min_length=1)
    actors: int = Field(ge=1)
    cpus: float = Field(ge=0)
    gpus: float = Field(ge=0)
    graders: int = Field(ge=1)

    def actor_resources(self) -> dict[str, Any]:
        """What to request for actors that hold models: their number, and CPUs and GPUs of each."""
        return {"actors": self.actors, "cpus": self.cpus, "gpus": self.gpus}


class LaunchSettings(BaseModel):
    """Processes that train together, started by `accelerate launch`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    config: str = Field(min_length=1)
    processes: int = Field(ge=1)


class ComputeSettings(Section):
    """Section `compute`: the machine, never the method. Without ray and launch: one process."""

    section: ClassVar[str] = "compute"
    threads: int | None = Field(ge=1)
    ray: RaySettings | None = None
    launch: LaunchSettings | None = None

    def local_files(self) -> dict[str, Path]:
        return {"compute.launch.config": Path(self.launch.config)} if self.launch else {}


def set_up(settings: ComputeSettings, seed: int) -> Any:
    """Seeds torch, sets its threads, quiets its libraries; returns the torch.device to use."""
    gpu = has_gpu()
    import torch
    import transformers

    if settings.threads:
        torch.set_num_threads(settings.threads)
    transformers.set_seed(seed % 2**32)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return torch.device("cuda" if gpu else "cpu")


def has_gpu() -> bool:
    """Whether torch has a GPU. Sets variables that torch reads when it is first imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else two runs at once starve each other
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    return bool(torch.cuda.is_available())


def quiet_datasets() -> None:
    """Turns off the progress bars of `datasets` wherever ours are off."""
    import datasets

    if is_quiet():
        datasets.disable_progress_bars()
