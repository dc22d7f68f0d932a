"""The memory that models have: this machine's, or that of a GPU by its name."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import RatchetError
from stages.pipeline.params import unknown_name_message
from stages.planning.memory_split import GIB

# nominal GiB, as the makers name them; drivers leave some hundred MiB less
GPUS = {
    "h200-141gb": 141,
    "h100-80gb": 80,
    "a100-80gb": 80,
    "a100-40gb": 40,
    "l40s-48gb": 48,
    "a6000-48gb": 48,
    "v100-32gb": 32,
    "rtx-5090": 32,
    "rtx-4090": 24,
    "rtx-3090": 24,
    "a10g-24gb": 24,
    "l4-24gb": 24,
    "v100-16gb": 16,
    "t4-16gb": 16,
}
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Machine:
    """`memory`: bytes of each device; without a GPU, of the machine itself."""

    name: str
    memory: float
    gpus: int  # 0: processors alone

    @property
    def title(self) -> str:
        """In words."""
        count = f"{self.gpus} × " if self.gpus else ""
        return f"{count}{self.name}, {self.memory / GIB:.0f} GiB" + (" each" if count else "")


def named_machine(gpu: str, gpus: int) -> Machine:
    """A machine with GPUs of this name. Raises RatchetError with the nearest known name."""
    if gpu not in GPUS:
        known = ", ".join(GPUS)
        raise RatchetError(f"{unknown_name_message(f'--gpu {gpu}', _options())} Known: {known}")
    return Machine(gpu, GPUS[gpu] * GIB, gpus)


def _options() -> list[str]:
    return [f"--gpu {name}" for name in GPUS]


def find_machine() -> Machine:
    """The GPUs of this machine, or its memory if it has none. Does not import torch."""
    found = _nvidia_gpus()
    if found:
        name, mebibytes = found[0]
        return Machine(name, mebibytes * 2**20, len(found))
    return Machine("this machine's memory", main_memory(), 0)


def main_memory() -> float:
    """Bytes of memory that this machine or its container has."""
    total = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    limits = [file.read_text().strip() for file in LIMITS if file.is_file()]
    return min([total, *(float(limit) for limit in limits if limit.isdigit())])


def _nvidia_gpus() -> list[tuple[str, float]]:
    """(name, MiB) of each GPU that the driver reports and the environment does not hide."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "" or not Path("/dev/nvidiactl").exists():
        return []
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        printed = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [(m[1], float(m[2])) for m in re.finditer(r"^(.*), (\d+)$", printed, re.M)]
