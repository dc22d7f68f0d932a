"""The plan of a run: for each stage and iteration its draws, tokens and peak memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.vllm_offline import VllmSettings, find_vllm
from stages.models.model_settings import Shape
from stages.planning import draws
from stages.planning.draws import Work
from stages.planning.machines import Machine
from stages.planning.measured import Measured
from stages.planning.memory_split import Memory
from stages.planning.model_memory import (
    Device,
    reading_memory,
    sampling_memory,
    vllm_memory,
)
from stages.planning.shapes import BASE, CONFIG, require_shape, simulator_shape, source_shape
from stages.planning.training_memory import PAIRED, Training, training_memory

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
        for folder in (Path(model.source).expanduser(), BASE):
            file = folder / CONFIG
            if file.is_file():
                config = json.loads(file.read_text())
                saved = config.get("dtype") or config.get("torch_dtype")
                return 2 if saved in HALF else 4
        return 2


def make_plan(run: Run) -> list[StagePlan]:
    """Every stage that loads a model or draws, in the order of the loop."""
    first = [_simulator_plan(run)] if run.p.model.simulator == "trained" else []
    first += [_sft_plan(run), _evaluate_plan(run, 0)]
    turns = [plan for k in range(1, run.p.iteration + 1) for plan in _iteration(run, k)]
    return [plan for plan in [*first, *turns] if _has_work(plan)]


def peak(plans: list[StagePlan]) -> StagePlan:
    """The stage that takes most memory."""
    return max(plans, key=lambda plan: plan.memory.total if plan.memory else 0.0)


def new_run(p: Any, machine: Machine, measured: Measured, exact: bool = True) -> Run:
    """Raises RatchetError if the model's sizes are not known."""
    return Run(p, machine, measured, require_shape(p.model), exact)


def _has_work(plan: StagePlan) -> bool:
    return plan.work.draws != 0 and (plan.memory is not None or plan.work.draws is not None)


def _iteration(run: Run, k: int) -> Iterator[StagePlan]:
    p, m = run.p, run.measured
    policy, helper = run.shape, simulator_shape(p.model, p.simulator, run.shape)
    drawn_by = {"policy": policy, "simulator": helper}
    yield _draw(run, "sample", k, draws.sample_work(p, k, m), drawn_by[p.sample.model], p.sample)
    guide = _draw(run, "guide", k, draws.guide_work(p, k, m), policy, p.guide)
    yield _with_teacher(run, guide, drawn_by)
    yield _perplexity(run, k)
    yield _draw(run, "label", k, draws.label_work(p, k, m), helper, p.label)
    yield _draw(run, "correct", k, draws.correct_work(p, k, m), policy, p.correct)
    yield _verifier(run, k, helper)
    yield _score(run, k, helper)
    yield _align(run, k)
    yield _evaluate_plan(run, k)


def _draw(
    run: Run, stage: str, k: int, work: Work, shape: Shape | None, settings: Any
) -> StagePlan:
    """A stage that samples `max_tokens` after a prompt, and for rollouts after a solution too."""
    engine, p = run.p.engine, run.p
    local = isinstance(engine, TransformersSettings | VllmSettings)  # no other's memory is known
    judged = stage == "label" and p.label.method == "judge"
    if not local or judged or shape is None:
        return StagePlan(stage, k, work, None)
    if _uses_vllm(run):
        share, parallel = engine.gpu_memory, engine.tensor_parallel
        width = _engine_width(run)
        memory = vllm_memory(shape, share, parallel, run.machine.memory, width)
        return StagePlan(stage, k, work, memory, ("engine.gpu_memory", "engine.tensor_parallel"))
    begun = run.measured.prompt_tokens + (settings.max_tokens if stage == "label" else 0)
    n_new = min(settings.max_tokens, shape.max_positions - 1)
    n_prompt = min(begun, max(shape.max_positions - n_new, 1))
    rows = min(engine.batch_size, engine.shard_size, work.draws or engine.batch_size)
    warm = settings.temperature != 1 or settings.top_p < 1
    width = _engine_width(run)
    shared = _draws_per_text(run, stage)
    memory = sampling_memory(shape, rows, n_prompt, n_new, warm, width, run.device, shared)
    return StagePlan(stage, k, work, memory, ("engine.batch_size", f"{stage}.max_tokens"))


def _draws_per_text(run: Run, stage: str) -> float:
    """Draws of a batch that have one beginning: of a prompt, or of the steps of a path."""
    if stage == "sample":
        return 1 if run.p.sample.mode == "greedy" else float(run.p.sample.k)
    return max(run.measured.n_steps - 1, 1) if stage == "label" else 1


def _uses_vllm(run: Run) -> bool:
    name = run.p.engine.name
    installed = name == "auto" and run.machine.gpus > 0 and find_vllm() is not None
    return bool(name == "vllm" or installed)


def _engine_width(run: Run) -> int:
    precision = run.p.engine.precision
    if precision == "auto":
        return 2 if run.device.gpu or not run.exact else 4
    return 2 if precision in HALF else 4


def _with_teacher(run: Run, plan: StagePlan, shapes: dict[str, Shape | None]) -> StagePlan:
    """A teacher on this machine is a second engine beside the policy's."""
    p = run.p
    shape = shapes.get(p.teacher.provider)
    if p.guide.strategy != "interactive" or shape is None or plan.memory is None:
        return plan
    teacher = _draw(run, "guide", plan.iteration, plan.work, shape, p.guide)
    assert teacher.memory is not None
    reference = plan.memory.reference + teacher.memory.total - teacher.memory.runtime
    return replace(plan, memory=replace(plan.memory, reference=reference))


def _evaluate_plan(run: Run, k: int) -> StagePlan:
    work = draws.evaluate_work(run.p, k, run.measured)
    return _draw(run, "evaluate", k, work, run.shape, run.p.evaluate)


def _row_tokens(run: Run, limit: int) -> int:
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
    return Training(
        objective,
        max(settings.batch_size // processes, 1),
        _row_tokens(run, settings.max_length),
        rank=adapter.rank if adapter else None,
        bits=adapter.bits if adapter else 16,
        dropout=adapter.dropout if adapter else 0.0,
        checkpointing=p.trainer.gradient_checkpointing,
        accumulate=p.trainer.accumulate,
        half=precision == "bf16" or (precision == "auto" and run.device.gpu),
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
    adapter = None if stage == "simulator" else run.p.model.adapter
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


def _sft_plan(run: Run) -> StagePlan:
    work = draws.training_work(run.p.sft, run.measured.n_demonstrated, 1, run.p, run.measured)
    return _train(run, "sft", 0, run.p.sft, "sft", work, run.shape)


def _simulator_plan(run: Run) -> StagePlan:
    settings = run.p.simulator
    shape = simulator_shape(run.p.model, settings, run.shape)
    assert shape is not None
    rows = settings.n_per_level * getattr(run.p.task, "levels", 1)
    work = draws.training_work(settings, rows, 1, run.p, run.measured)
    return _train(run, "simulator", 0, settings, "sft", work, shape)


def _align(run: Run, k: int) -> StagePlan:
    settings, p = run.p.align, run.p
    if settings.objective == "none":
        return StagePlan("align", k, Work(0), None)
    sides = 2 if settings.objective in PAIRED else 1
    work = draws.training_work(
        settings, draws.aligned_rows(p, k, run.measured), sides, p, run.measured
    )
    return _train(run, "align", k, settings, settings.objective, work, run.shape)


def _verifier_shape(run: Run, helper: Shape | None) -> Shape | None:
    name = run.p.model.verifier
    if name in ("policy", "base", "sft"):
        return run.shape
    return helper if name == "simulator" else source_shape(name)


def _verifier(run: Run, k: int, helper: Shape | None) -> StagePlan:
    settings, shape = run.p.verifier, _verifier_shape(run, helper)
    if settings.kind == "none" or shape is None:
        return StagePlan("verifier", k, Work(0 if settings.kind == "none" else None), None)
    rows = draws.n_labelled(run.p, run.measured)
    work = draws.training_work(settings, rows, 1, run.p, run.measured)
    return _train(run, "verifier", k, settings, "verifier", work, shape)


def _score(run: Run, k: int, helper: Shape | None) -> StagePlan:
    shape, settings = _verifier_shape(run, helper), run.p.score
    if run.p.verifier.kind == "none" or shape is None:
        return StagePlan("score", k, Work(0), None)
    tokens = _row_tokens(run, settings.max_length)
    memory = reading_memory(shape, settings.batch_size, tokens, False, run.stored_width, run.device)
    return StagePlan("score", k, Work(), memory, ("score.batch_size", "score.max_length"))


def _perplexity(run: Run, k: int) -> StagePlan:
    settings = run.p.perplexity
    if settings.reference == "none":
        return StagePlan("perplexity", k, Work(0), None)
    tokens = _row_tokens(run, settings.max_length)
    memory = reading_memory(
        run.shape, settings.batch_size, tokens, True, run.stored_width, run.device
    )
    remedies = ("perplexity.batch_size", "perplexity.max_length")
    return StagePlan("perplexity", k, Work(), memory, remedies)
