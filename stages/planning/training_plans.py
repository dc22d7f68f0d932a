"""Plans of the stages that train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from stages.models.model_settings import Shape
from stages.planning import draws
from stages.planning.draws import Work
from stages.planning.memory_split import Memory
from stages.planning.planned_run import Run, StagePlan
from stages.planning.shapes import simulator_shape, source_shape
from stages.planning.training_memory import PAIRED, Training, training_memory


def row_tokens(run: Run, limit: int) -> int:
    """Tokens of the longest row of a batch."""
    if not run.exact:
        return 1
    return min(limit, run.measured.longest or limit, run.shape.max_positions)


def training(run: Run, settings: Any, objective: str, adapter: Any) -> Training:
    """A training run as one process of it sees it."""
    p = run.p
    launch = p.compute.launch
    processes = launch.processes if launch else 1
    precision = p.trainer.precision
    bf16 = precision == "bf16" or (precision == "auto" and run.device.gpu)
    return Training(
        objective,
        max(settings.batch_size // processes, 1),
        row_tokens(run, settings.max_length),
        rank=adapter.rank if adapter else None,
        bits=adapter.bits if adapter else 16,
        dropout=adapter.dropout if adapter else 0.0,
        checkpointing=p.trainer.gradient_checkpointing,
        accumulate=p.trainer.accumulate,
        half=bf16 and run.device.gpu,
        cast=bf16 and (adapter is None or run.stored_width == 4),
        stored_width=run.stored_width,
        processes=processes,
        share=sharing(launch.config) if launch else "none",
    )


def sharing(config: str) -> str:
    """What an accelerate file splits between processes: all (FSDP), moments (ZeRO 2), or none."""
    values = yaml.safe_load(Path(config).read_text()) if Path(config).is_file() else {}
    kind = values.get("distributed_type")
    if kind == "FSDP":
        return "all"
    if kind != "DEEPSPEED":
        return "none"
    return "all" if values.get("deepspeed_config", {}).get("zero_stage") == 3 else "moments"


def _train(
    run: Run, stage: str, k: int, settings: Any, objective: str, work: Work, shape: Shape
) -> StagePlan:
    adapter = None if stage in ("base", "simulator") else run.p.model.adapter
    job = training(run, settings, objective, adapter)
    memory = training_memory(shape, job, run.device)
    if not run.device.gpu:  # all processes share the machine's memory
        memory = Memory(**{name: job.processes * size for name, size in vars(memory).items()})
    return StagePlan(stage, k, work, memory, _remedies(run, stage, adapter))


def _remedies(run: Run, stage: str, adapter: Any) -> tuple[str, ...]:
    """Settings that lower what training takes, the strongest first."""
    found = []
    if adapter is None:
        found.append("model.adapter")
    elif adapter.bits != 4:
        found.append("model.adapter.bits=4")
    if not run.p.trainer.gradient_checkpointing:
        found.append("trainer.gradient_checkpointing=true")
    found += [f"{stage}.batch_size (with trainer.accumulate)", f"{stage}.max_length"]
    if run.p.compute.launch is None:
        found.append("compute=fsdp on several GPUs")
    return tuple(found)


def plan_sft(run: Run) -> StagePlan:
    work = draws.training_work(run.p.sft, run.measured.n_demonstrated, 1, run.p, run.measured)
    return _train(run, "sft", 0, run.p.sft, "sft", work, run.shape)


def plan_base(run: Run) -> StagePlan:
    settings = run.p.base
    rows = settings.n_per_level * getattr(run.p.task, "levels", 1)
    work = draws.training_work(settings, rows, 1, run.p, run.measured)
    return _train(run, "base", 0, settings, "sft", work, run.shape)


def plan_simulator(run: Run) -> StagePlan:
    settings = run.p.simulator
    shape = simulator_shape(run.p.model, settings, run.shape)
    assert shape is not None
    rows = settings.n_per_level * getattr(run.p.task, "levels", 1)
    work = draws.training_work(settings, rows, 1, run.p, run.measured)
    return _train(run, "simulator", 0, settings, "sft", work, shape)


def plan_align(run: Run, k: int) -> StagePlan:
    settings, p = run.p.align, run.p
    if settings.objective == "none":
        return StagePlan("align", k, Work(0), None)
    sides = 2 if settings.objective in PAIRED else 1
    work = draws.training_work(
        settings, draws.aligned_rows(p, k, run.measured), sides, p, run.measured
    )
    return _train(run, "align", k, settings, settings.objective, work, run.shape)


def verifier_shape(run: Run, helper: Shape | None) -> Shape | None:
    name = run.p.model.verifier
    if name in ("policy", "base", "sft"):
        return run.shape
    return helper if name == "simulator" else source_shape(name)


def plan_verifier(run: Run, k: int, helper: Shape | None) -> StagePlan:
    settings, shape = run.p.verifier, verifier_shape(run, helper)
    if settings.kind == "none" or shape is None:
        return StagePlan("verifier", k, Work(0 if settings.kind == "none" else None), None)
    rows = draws.n_labelled(run.p, run.measured)
    work = draws.training_work(settings, rows, 1, run.p, run.measured)
    return _train(run, "verifier", k, settings, "verifier", work, shape)
