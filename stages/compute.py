"""Section `compute`, and the process's one set-up of torch."""

import os
from typing import Any, ClassVar

from pydantic import Field

from stages.settings import Section
from stages.stage import quiet


class ComputeSettings(Section):
    """Section `compute`: the machine, never the method."""

    section: ClassVar[str] = "compute"
    threads: int | None = Field(ge=1)


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
    """Is there a GPU for torch? Torch reads these variables when it is first imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # or two runs at once spin each other out
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    return bool(torch.cuda.is_available())


def quiet_datasets() -> None:
    """No progress bars of `datasets` where nobody watches."""
    import datasets

    if quiet():
        datasets.disable_progress_bars()
