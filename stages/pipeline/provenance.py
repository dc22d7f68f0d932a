"""Where a stage ran: the commit of its code, the versions of its main packages, the machine."""

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

CODE = ("stages", "schemas")
PACKAGES = ("torch", "transformers", "trl", "vllm", "polars", "duckdb")
CPU_INFO = Path("/proc/cpuinfo")
GPU_FOLDERS = Path("/proc/driver/nvidia/gpus")


def code_commit() -> str | None:
    """The commit here, with "+" if code was changed since; None outside a git repository."""
    head = _git("rev-parse", "--short=10", "HEAD")
    if head is None:
        return None
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", *CODE)
    return head + ("+" if changed else "")


def package_versions() -> str:
    """Python's version, and those of the main packages that are installed."""
    found = [f"python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def machine_name() -> str:
    """Processor, cores, memory and GPUs, as "Intel Xeon, 2 cores, 8 GiB"."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = [_processor(), f"{cores} core{'' if cores == 1 else 's'}", f"{memory:.0f} GiB"]
    return ", ".join([*facts, *_gpus()])


def _processor() -> str:
    text = CPU_INFO.read_text() if CPU_INFO.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return re.sub(r"\((R|TM)\)", "", named[1]) if named else platform.machine()


def _gpus() -> list[str]:
    """Each kind of GPU that the driver lists and the environment does not hide, with its count."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "" or not GPU_FOLDERS.is_dir():
        return []
    texts = [file.read_text() for file in sorted(GPU_FOLDERS.glob("*/information"))]
    names = [name.strip() for text in texts for name in re.findall(r"^Model:(.+)$", text, re.M)]
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    return [name if n == 1 else f"{n} × {name}" for name, n in counts.items()]


def _git(*command: str) -> str | None:
    """What git prints; None if it fails or is not installed."""
    try:
        done = subprocess.run(["git", *command], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
