"""Which of the needed runs there are: the files here, the commit, and DVC's experiments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from schemas.errors import RatchetError
from stages.contract.stage_list import STAGES
from stages.explore import experiments
from stages.explore.reproduce.needed_runs import NeededRun
from stages.explore.reproduce.run_process import LOGS, is_under_way
from stages.explore.revisions import WORKSPACE

LOCK = "dvc.lock"
SETTINGS = "data/settings"  # the parameters that check has seen, and that the report is of
State = Literal["there", "running", "queued", "failed", "missing", "impossible"]
MOST_DIFFERENCES = 3  # of a run that is named as nearly the one that is needed


@dataclass(frozen=True)
class Candidate:
    """A run of this repository. revision: as `ratchet sql --rev` takes it."""

    revision: str
    ref: str | None  # None: the files here
    parameters: dict[str, Any]  # by dotted name

    @cached_property
    def stages(self) -> dict[str, Any]:
        """What dvc.lock says of the stages that run once."""
        text = _text(self.ref, LOCK)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        stages: dict[str, Any] = (yaml.load(text, loader) if text else {}).get("stages", {})
        return stages

    @property
    def choices(self) -> dict[str, str]:
        """The names of its recipe, task and model, and its seed."""
        names = {"recipe": "run.recipe", "task": "run.task", "model": "run.model", "seed": "seed"}
        return {name: str(self.parameters.get(full)) for name, full in names.items()}

    def has_run(self, stage: str) -> bool:
        """Whether the stage has run with these parameters: params.yaml may have changed since."""
        if stage == "prepare":
            locked = self.stages.get(stage, {}).get("params", {}).get(experiments.PARAMS, {})
            used = experiments.flatten_parameters(locked)
            return bool(used) and all(self.parameters.get(n) == used[n] for n in used)
        check = self.stages.get("check", {})  # which reads all of params.yaml
        seen = _md5(check.get("deps", []), experiments.PARAMS)
        now = hashlib.md5((_text(self.ref, experiments.PARAMS) or "").encode()).hexdigest()
        checked = _md5(check.get("outs", []), SETTINGS)
        reported = _md5(self.stages.get("report", {}).get("deps", []), SETTINGS)
        return seen == now and checked is not None and checked == reported

    def fits(self, run: NeededRun) -> bool:
        """Whether it is the needed run, up to the needed iteration."""
        return self.differing(run) == [] and self.has_run(run.stage)

    def differing(self, run: NeededRun) -> list[str]:
        """NAME=VALUE of this run's parameters that are not those of the needed one."""
        required = run.parameters
        sections = {name.split(".")[0] for name in required}
        names = [n for n, value in required.items() if self.parameters.get(n, KeyError) != value]
        names += [n for n in self.parameters if n.split(".")[0] in sections and n not in required]
        if run.stage == "report":
            last = self.parameters.get("iteration")
            names += ["iteration"] if not isinstance(last, int) or last < run.iteration else []
        return [f"{name}={self.parameters.get(name)}" for name in names]


@dataclass(frozen=True)
class Found:
    """A needed run's state; `revision` if it is there, and what else there is to say."""

    run: NeededRun
    state: State
    revision: str = ""
    remark: str = ""


def candidates() -> list[Candidate]:
    """The files here, HEAD and the experiments."""
    places: list[tuple[str, str | None]] = [(WORKSPACE, None), ("HEAD", "HEAD")]
    places += [(ref.split("/")[-1], ref) for ref in experiments.experiment_refs()]
    found = []
    for name, ref in places:
        if parameters := experiments.read_parameters(_text(ref, experiments.PARAMS)):
            found.append(Candidate(name, ref, parameters))
    return found


def search(runs: Sequence[NeededRun], among: Sequence[Candidate]) -> list[Found]:
    """Each needed run with its state, in the same order."""
    queued, failed = set(experiments.queued_names()), set(experiments.failed_names())
    return [_find(run, among, queued, failed) for run in runs]


def _find(run: NeededRun, among: Sequence[Candidate], queued: set[str], failed: set[str]) -> Found:
    try:
        there = next((c for c in among if c.fits(run)), None)
    except RatchetError as error:
        return Found(run, "impossible", remark=str(error))
    if there:
        return Found(run, "there", there.revision)
    name = run.experiment
    if is_under_way(running_log(name)):
        return Found(run, "running", remark=_last_stage(running_log(name)))
    if name in queued:
        return Found(run, "queued", remark="`dvc queue start` runs it")
    if name in failed:
        return Found(run, "failed", remark=f"`dvc queue logs {name}` shows why")
    if (log := failure_log(name)).exists():
        return Found(run, "failed", remark=f"{last_error(log.read_text(errors='replace'))} ({log})")
    return Found(run, "missing", remark=_nearest(run, among))


def _nearest(run: NeededRun, among: Sequence[Candidate]) -> str:
    """The run that differs least from the needed one, if it differs in few parameters."""
    near = [(candidate.differing(run), candidate) for candidate in among]
    close = [pair for pair in near if 0 < len(pair[0]) <= MOST_DIFFERENCES]
    close = [pair for pair in close if pair[1].has_run(run.stage)]
    if not close:
        return ""
    differing, candidate = min(close, key=lambda pair: len(pair[0]))
    return f"{candidate.revision} has {', '.join(differing)}"


def failure_log(name: str) -> Path:
    """What a run printed that failed here."""
    return LOGS / f"{name}.log"


def running_log(name: str) -> Path:
    """What a run has printed that is being made here."""
    return LOGS / f"{name}.running"


def _last_stage(log: Path) -> str:
    """The stage that a run is at, as DVC names it."""
    lines = [
        line
        for line in (_text(None, str(log)) or "").splitlines()
        if line.startswith("Running stage ")
    ]
    return lines[-1].removeprefix("Running stage ").rstrip(":") if lines else "starts"


def last_error(printed: str) -> str:
    """The line of a run's output that says why it failed: of the last stage, else of DVC."""
    lines = [" ".join(line.split()) for line in printed.splitlines() if line.strip()]
    started = [n for n, line in enumerate(lines) if line.startswith("Running stage ")]
    own = [line for line in lines[started[-1] :] if line.split(":")[0] in STAGES] if started else []
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return (own or errors or lines or ["no output"])[-1]


def _md5(listed: list[dict[str, Any]], path: str) -> str | None:
    return next((entry.get("md5") for entry in listed if entry["path"] == path), None)


def _text(ref: str | None, name: str) -> str | None:
    """A file's text in a revision, or here; None if there is none."""
    if ref:
        return experiments.file_at(ref, name)
    file = Path(name)
    return file.read_text(errors="replace") if file.exists() else None
