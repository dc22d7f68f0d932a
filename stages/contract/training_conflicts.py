"""Conflicts over training: its budget, its checkpoints, and where it runs."""

from importlib.util import find_spec
from pathlib import Path

from stages.compute.compute_settings import LaunchSettings
from stages.contract.parsed_parameters import Conflict, Parameters

TRAINING_SECTIONS = ("sft", "align", "verifier", "simulator", "base")


def _n_processes(p: Parameters) -> int:
    launch: LaunchSettings | None = p.compute.launch
    return launch.processes if launch else 1


def _no_launch_file(p: Parameters) -> bool:
    return p.compute.launch is not None and not Path(p.compute.launch.config).is_file()


TRAINING_CONFLICTS: list[Conflict] = [
    (
        lambda p: p.align.budgets and len(p.align.budgets) < p.iteration,
        "align.budgets has fewer entries than iteration={iteration}: set one of each iteration",
    ),
    (
        lambda p: (
            p.align.budgets
            and (p.align.objective != "sft" or p.compute.launch is not None or p.trainer.dev_share)
        ),
        "align.budgets works for align.objective=sft in one process, without rows held out: set "
        "recipe=control, compute=local and trainer.dev_share=0.0, or align.budgets=null",
    ),
    (
        lambda p: p.align.beta == 0 and p.align.objective not in ("orpo", "sft", "none"),
        "align.beta=0 leaves align.objective={align.objective} nothing to learn: set it above 0",
    ),
    (
        lambda p: p.compute.ray is not None and find_spec("ray") is None,
        "compute.ray needs Ray: run `pip install 'ray[data]'`, or set -S compute=local",
    ),
    (
        _no_launch_file,
        "compute.launch.config={compute.launch.config} is not a file: set it to a file such as "
        "conf/accelerate/fsdp.yaml",
    ),
    (
        lambda p: any(getattr(p, name).batch_size % _n_processes(p) for name in TRAINING_SECTIONS),
        "compute.launch.processes={compute.launch.processes} must divide the batch_size of sft, "
        "align, verifier, simulator and base: set other values",
    ),
    (
        lambda p: (
            p.objective and p.objective.compares_rows and p.align.batch_size // _n_processes(p) < 2
        ),
        "align.objective={align.objective} compares the rows of a batch: set align.batch_size to "
        "at least two rows per process",
    ),
    (
        lambda p: len({p.select.measures, p.select.folder != "models", p.select.turns != {}}) > 1,
        "select.folder and select.turns follow from select.method={select.method}: set all with "
        "-S select={select.method}",
    ),
    (
        lambda p: p.select.measures and p.trainer.checkpoint_every is None,
        "select.method=accuracy needs checkpoints to choose from: set trainer.checkpoint_every",
    ),
    (
        lambda p: p.select.measures and p.trainer.dev_share,
        "select.method=accuracy and trainer.dev_share both choose the checkpoint: set -S "
        "select=last or trainer.dev_share=0.0",
    ),
    (
        lambda p: p.select.measures and not p.select.n_problems,
        "select.method=accuracy needs problems to measure on: set select.n_problems, 500 for one",
    ),
    (
        lambda p: p.trainer.dev_share > 0 and p.trainer.checkpoint_every is None,
        "trainer.dev_share needs checkpoints to choose from: set trainer.checkpoint_every",
    ),
    (
        lambda p: p.trainer.missing_packages,
        "trainer.report_to needs packages that are not installed: `pip install "
        "{trainer.missing_packages}`, or set trainer.report_to=[]",
    ),
]
