"""A plan as tables for people, or as rows for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from stages.planning.disk_space import disk_space
from stages.planning.memory_split import GIB, MIB, Memory
from stages.planning.planned_run import Run, StagePlan
from stages.planning.probe import Speeds, seconds
from stages.planning.shapes import adapter_parameters, count_parameters
from stages.results import terminal

HEADS = ("iteration", "stage", "draws", "tokens at most", "tokens expected", "time")


def size(n_bytes: float) -> str:
    """Bytes as "1.5 GiB" or "20 MiB"; "" for none."""
    if n_bytes < MIB / 2:
        return ""
    return f"{n_bytes / GIB:.1f} GiB" if n_bytes >= GIB else f"{n_bytes / MIB:.0f} MiB"


def duration(total: float | None) -> str:
    """Seconds as "2 h 05 min", "7 min" or "12 s"; "" for None."""
    if total is None:
        return ""
    hours, minutes = divmod(round(total / 60), 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min" if total >= 60 else f"{total:.0f} s"


def verdict(memory: Memory, available: float) -> str:
    """Whether it fits: "no" only if weights and states alone are too many."""
    if memory.total <= available:
        return "fits"
    return "no" if memory.certain > available else f"too little: {memory.largest()}"


def stage_rows(run: Run, plans: list[StagePlan], speeds: Speeds | None) -> list[dict[str, Any]]:
    """One row per stage and iteration; bytes, and seconds if speeds were measured."""
    return [
        {
            "iteration": plan.iteration,
            "stage": plan.stage,
            "draws": plan.work.draws,
            "tokens": plan.work.tokens,
            "tokens_expected": plan.work.expected,
            "seconds": seconds(plan, speeds, run) if speeds else None,
            "memory": asdict(plan.memory) if plan.memory else None,
            "memory_total": plan.memory.total if plan.memory else None,
        }
        for plan in plans
    ]


def show(run: Run, plans: list[StagePlan], speeds: Speeds | None) -> None:
    """Prints draws and tokens, memory, disk, and what the plan assumes."""
    console = terminal.console()
    console.print(f"{_model(run)}\n{run.machine.title}", highlight=False)
    rows = [_work_row(row) for row in stage_rows(run, plans, speeds)]
    console.print(terminal.filled_columns_table(list(HEADS), rows, "draws and tokens", n_keys=2))
    names = [field.name for field in fields(Memory)]
    heads = ["stage", *(name.replace("_", " ") for name in names), "together", ""]
    memory = _memory_rows(run, plans, names)
    console.print(terminal.filled_columns_table(heads, memory, "peak memory"))
    disk = disk_space(run, plans)
    rows_of_disk = [[name, size(n)] for name, n in disk.items() if size(n)]
    rows_of_disk.append(["together", size(sum(disk.values()))])
    console.print(terminal.table(["what", "disk"], rows_of_disk, "disk"))
    if speeds:
        total = sum(seconds(plan, speeds, run) or 0 for plan in plans)
        known = all(plan.work.expected is not None for plan in plans if plan.work.tokens)
        about = "about" if known else "at most about"
        console.print(
            f"\n{about} {duration(total)} here: {speeds.decoding:,.0f} tokens/s written, "
            f"{speeds.training:,.0f} tokens/s trained on"
        )
    for line in notes(run, plans):
        terminal.note(line)


def _model(run: Run) -> str:
    model, adapter = run.p.model, run.p.model.adapter
    name = getattr(model, "source", None) or "a model from scratch"
    text = f"{name}: {count_parameters(run.shape):,} parameters"
    if adapter:
        n_adapter = adapter_parameters(run.shape, adapter.rank)
        text += f", adapters of {n_adapter:,} on a base in {adapter.bits} bits"
    return text


def _work_row(row: dict[str, Any]) -> Sequence[str]:
    counts = (row["draws"], row["tokens"], row["tokens_expected"])
    shown = ("" if number is None else f"{number:,}" for number in counts)
    return [str(row["iteration"]), row["stage"], *shown, duration(row["seconds"])]


def _memory_rows(run: Run, plans: list[StagePlan], names: list[str]) -> list[list[str]]:
    """The highest of each stage, in the order of the plan."""
    worst: dict[str, StagePlan] = {}
    for plan in plans:
        before = worst.get(plan.stage)
        if plan.memory and (before is None or _total(plan) > _total(before)):
            worst[plan.stage] = plan
    return [
        [
            stage,
            *(size(getattr(plan.memory, name)) for name in names),
            size(_total(plan)),
            verdict(plan.memory, run.machine.memory),
        ]
        for stage, plan in worst.items()
        if plan.memory
    ]


def _total(plan: StagePlan) -> float:
    return plan.memory.total if plan.memory else 0.0


def notes(run: Run, plans: list[StagePlan]) -> list[str]:
    """What the plan assumes, and what it does not know."""
    m, found = run.measured, []
    if m.from_tables:
        found.append("counts and lengths are those of the tables in data/")
    else:
        found.append(
            f"assumed until `dvc repro prepare` has read the problems: prompts of "
            f"{m.prompt_tokens} tokens, {m.n_steps:.0f} steps per solution, rows as long as "
            "max_length allows"
        )
    if m.n_sampled is None or m.n_test is None:
        found.append(
            "the number of problems is not known: run `dvc repro prepare`, or set task.n_train "
            "and task.n_test"
        )
    unknown = {p.stage for p in plans if p.memory is None and p.stage not in ("guide", "correct")}
    if unknown:
        found.append(
            f"no memory is planned for {', '.join(sorted(unknown))}: its model is remote, or its "
            "sizes are not known"
        )
    tight = [p for p in plans if p.memory and p.memory.total > run.machine.memory]
    if tight:
        worst = max(tight, key=_total)
        found.append(f"to lower the memory of {worst.stage}: {', '.join(worst.remedies)}")
    if run.machine.gpus > 1 and run.p.compute.launch is None:
        found.append("training uses one GPU: add compute=fsdp to use all of them")
    return found
