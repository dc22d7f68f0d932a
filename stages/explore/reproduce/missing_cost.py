"""What the missing runs will take: draws, tokens and time, what runs share counted once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemas.errors import RatchetError
from stages.contract.conflicts import refuse_conflicts
from stages.contract.parsed_parameters import parse_parameters
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.shared_stages import Key, SharedStages
from stages.planning.machines import find_machine
from stages.planning.measured import measure_work
from stages.planning.plan import make_plan, new_run
from stages.planning.planned_run import Run, StagePlan
from stages.planning.probe import Speeds, measure_speeds, seconds


@dataclass
class Cost:
    """Of the missing runs, at most.

    n_alone: draws if each run made all of its own; n_draws: those still to make, since runs share
    stages with each other and with those that are there. elapsed_s: None without speeds. refused:
    run → why it can't run. unknown: stages whose number of draws is not known.
    """

    n_draws: int = 0
    n_alone: int = 0
    n_tokens: int = 0
    elapsed_s: float | None = None
    refused: dict[NeededRun, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Work:
    n_draws: int
    n_tokens: int
    elapsed_s: float


def plan_missing(missing: Sequence[NeededRun], there: Sequence[NeededRun], probe: bool) -> Cost:
    """The cost of the missing runs beside those that are there.

    probe: measure this machine's speed for some seconds.
    """
    cost, speeds = Cost(), None
    made: dict[Key, _Work] = {}
    needed: dict[Key, _Work] = {}
    for run in there:
        _keep_most(made, _works(run, None, cost))
    for run in missing:
        if probe and speeds is None and run.stage != "prepare":
            speeds = measure_speeds(_new_planned_run(run))
        works = list(_works(run, speeds, cost))
        cost.n_alone += sum(work.n_draws for _, work in works)
        _keep_most(needed, works)
    for key, work in needed.items():
        done = made.get(key, _Work(0, 0, 0))
        if work.n_tokens > done.n_tokens:
            share = 1 - done.n_tokens / work.n_tokens
            cost.n_draws += max(work.n_draws - done.n_draws, 0)
            cost.n_tokens += work.n_tokens - done.n_tokens
            if speeds:
                cost.elapsed_s = (cost.elapsed_s or 0) + share * work.elapsed_s
    return cost


def _works(run: NeededRun, speeds: Speeds | None, cost: Cost) -> Iterator[tuple[Key, _Work]]:
    """(key, work) of each stage of a run; a run without a plan is noted, and has none."""
    if run.stage == "prepare":
        return
    try:
        planned = _new_planned_run(run)
    except RatchetError as error:
        cost.refused[run] = str(error)
        return
    shared = SharedStages(run.values)
    for plan in make_plan(planned):
        if plan.work.draws is None and plan.work.tokens is None and plan.memory is None:
            cost.unknown.add(plan.stage)
        yield shared.draws_key(plan.stage, plan.iteration), _work(plan, speeds, planned)


def _work(plan: StagePlan, speeds: Speeds | None, planned: Run) -> _Work:
    work = plan.work
    elapsed_s = seconds(plan, speeds, planned) if speeds else None
    return _Work(work.draws or 0, work.expected or work.tokens or 0, elapsed_s or 0.0)


def _new_planned_run(run: NeededRun) -> Run:
    """Raises RatchetError for parameters that conflict, or a model of unknown sizes."""
    p = parse_parameters(run.values)
    refuse_conflicts(p)
    return new_run(p, find_machine(), measure_work(p, run.values))


def _keep_most(known: dict[Key, _Work], works: Iterable[tuple[Key, _Work]]) -> None:
    for key, work in works:
        if key not in known or known[key].n_tokens < work.n_tokens:
            known[key] = work
