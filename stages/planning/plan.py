"""The plan of a run: for each stage and iteration its draws, tokens and peak memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.vllm_offline import VllmSettings, find_vllm
from stages.models.model_settings import Shape
from stages.planning import draws
from stages.planning.draws import Work
from stages.planning.machines import Machine
from stages.planning.measured import Measured
from stages.planning.model_memory import (
    reading_memory,
    sampling_memory,
    vllm_memory,
)
from stages.planning.planned_run import HALF, Run, StagePlan
from stages.planning.shapes import require_shape, simulator_shape
from stages.planning.training_plans import (
    plan_align,
    plan_base,
    plan_sft,
    plan_simulator,
    plan_verifier,
    row_tokens,
    verifier_shape,
)


def make_plan(run: Run) -> list[StagePlan]:
    """Every stage that loads a model or draws, in the order of the loop."""
    first = [plan_base(run)] if run.p.base.n_per_level else []
    first += [plan_simulator(run)] if run.p.model.simulator == "trained" else []
    first += [plan_sft(run), _evaluate_plan(run, 0)]
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
    yield plan_verifier(run, k, helper)
    yield _score(run, k, helper)
    yield plan_align(run, k)
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
    most = min(shape.max_positions, engine.max_length or shape.max_positions)
    n_prompt = min(begun, most - 1)
    n_new = min(settings.max_tokens, most - n_prompt)
    rows = min(engine.batch_size, engine.shard_size, _draws_at_once(p, stage, work))
    warm = settings.temperature != 1 or settings.top_p < 1
    width = _engine_width(run)
    shared = _draws_per_text(run, stage)
    memory = sampling_memory(shape, rows, n_prompt, n_new, warm, width, run.device, shared)
    return StagePlan(stage, k, work, memory, ("engine.batch_size", f"{stage}.max_tokens"))


def _draws_at_once(p: Any, stage: str, work: Work) -> int:
    """Draws that a stage asks for together, at most: rollouts are asked for in rounds."""
    if not work.draws:
        return 2**31
    if stage != "label":
        return work.draws
    whole = int(p.label.max_rollouts)
    each_round = min(p.label.delta + 1, whole) if p.label.early_stop else whole
    return math.ceil(work.draws * each_round / whole)


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


def _score(run: Run, k: int, helper: Shape | None) -> StagePlan:
    shape, settings = verifier_shape(run, helper), run.p.score
    if run.p.verifier.kind == "none" or shape is None:
        return StagePlan("score", k, Work(0), None)
    tokens = row_tokens(run, settings.max_length)
    memory = reading_memory(shape, settings.batch_size, tokens, False, run.stored_width, run.device)
    return StagePlan("score", k, Work(), memory, ("score.batch_size", "score.max_length"))


def _perplexity(run: Run, k: int) -> StagePlan:
    settings = run.p.perplexity
    if settings.reference == "none":
        return StagePlan("perplexity", k, Work(0), None)
    tokens = row_tokens(run, settings.max_length)
    memory = reading_memory(
        run.shape, settings.batch_size, tokens, True, run.stored_width, run.device
    )
    remedies = ("perplexity.batch_size", "perplexity.max_length")
    return StagePlan("perplexity", k, Work(), memory, remedies)
