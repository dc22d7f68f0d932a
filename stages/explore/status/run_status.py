"""How far a run is, and how long the rest will take, by what the same stages took before."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas import views
from schemas.errors import RatchetError
from stages.explore.output import dumps
from stages.explore.revisions import open_revision
from stages.explore.status.run_stages import RunStage, run_stages
from stages.pipeline.params import load
from stages.pipeline.running_stage import read_running
from stages.planning.plan_text import duration

COSTS = "select stage, iteration, elapsed_s from costs order by iteration"
MAX_NAMED = 8  # stages that a line names
Times = dict[tuple[str, int], float]


@dataclass(frozen=True)
class Status:
    """The stages of a run, what the running one says of itself, and past times in seconds."""

    title: str
    stages: list[RunStage]
    running: dict[str, Any] | None
    times: Times
    now: float

    @property
    def current(self) -> RunStage | None:
        """The stage that runs."""
        if self.running is None:
            return None
        named = (self.running["stage"], self.running["iteration"])
        return next((s for s in self.stages if (s.name, s.iteration) == named), None)

    @property
    def stages_done(self) -> list[RunStage]:
        """The stages that need not run."""
        return [stage for stage in self.stages if stage.is_done and stage != self.current]

    @property
    def stages_left(self) -> list[RunStage]:
        """The stages that are to run after the current one."""
        return [stage for stage in self.stages if not stage.is_done and stage != self.current]

    def expected_s(self, stage: RunStage) -> float | None:
        """Seconds that a stage took before: this one, else in the nearest iteration."""
        own = {k: s for (name, k), s in self.times.items() if name == stage.name}
        nearest = min(own, key=lambda k: (abs(k - stage.iteration), -k), default=None)
        return None if nearest is None else own[nearest]

    @property
    def elapsed_s(self) -> float:
        """Seconds since the running stage began."""
        return max(0.0, self.now - float((self.running or {}).get("started", self.now)))

    @property
    def current_left_s(self) -> float | None:
        """Seconds that the running stage still needs: by what it has done, else by past times."""
        done, total = (int((self.running or {}).get(name, 0)) for name in ("done", "total"))
        if self.current is None:
            return 0.0
        if done and total:
            return self.elapsed_s * (total - done) / done
        expected = self.expected_s(self.current)
        return None if expected is None else max(0.0, expected - self.elapsed_s)

    @property
    def stages_without_time(self) -> list[RunStage]:
        """What is left, and of which nothing is known."""
        return [stage for stage in self.stages_left if self.expected_s(stage) is None]

    @property
    def left_s(self) -> float:
        """Seconds that what is left will take, as far as it is known."""
        known = [self.expected_s(stage) or 0.0 for stage in self.stages_left]
        return sum(known) + (self.current_left_s or 0.0)


def show_status(as_json: bool) -> None:
    """Prints how far the run in this folder is."""
    status = read_status()
    if as_json:
        print(dumps(as_dict(status)))
    else:
        print("\n".join(lines(status)))


def read_status() -> Status:
    """The status of the run in this folder. Raises RatchetError if it is none."""
    values = load()
    names = values.get("run", {})
    title = " ".join(str(names.get(key, "?")) for key in ("recipe", "task", "model"))
    stages = run_stages(values)
    times = _times()
    left = {stage.name for stage in stages if not stage.is_done}
    if left - {name for name, _ in times}:  # what this folder never ran, the last commit may have
        times = _times_of_commit() | times
    return Status(f"{title}, seed {values.get('seed')}", stages, read_running(), times, time.time())


def _times() -> Times:
    try:
        connection = views.connect()
    except RatchetError:  # nothing has run yet
        return {}
    return {(r["stage"], r["iteration"]): r["elapsed_s"] for r in views.ask(connection, COSTS)}


def _times_of_commit() -> Times:
    try:
        with open_revision("HEAD") as run:
            rows = views.ask(views.connect(root=run.root), COSTS)
    except RatchetError:  # no commit has a run, or its tables are not in the cache
        return {}
    return {(row["stage"], row["iteration"]): row["elapsed_s"] for row in rows}


def lines(status: Status) -> Iterator[str]:
    """The status in words."""
    yield status.title
    if status.current is not None:
        yield f"running  {_current(status, status.current)}"
    else:
        yield (
            "running  nothing in this folder"
            if status.stages_left
            else "running  nothing: it is done"
        )
    yield f"done     {len(status.stages_done)} of {len(status.stages)} stages"
    if not status.stages_left and status.current is None:
        return
    yield f"left     {_in_short(status.stages_left)}"
    unknown = status.stages_without_time
    timed = len(status.stages_left) - len(unknown)
    if timed or status.current_left_s:
        but = f", without {_in_short(unknown)}: not run before" if unknown else ""
        yield f"time     about {duration(status.left_s)} more{but}"


def _current(status: Status, stage: RunStage) -> str:
    """`align@2: train 120 of 400, loss 1.2, for 40 s, about 2 min more`."""
    running = status.running or {}
    facts = []
    if running.get("total"):
        facts.append(f"{running['what']} {running['done']:,} of {running['total']:,}")
    facts += [f"{name} {value:.4g}" for name, value in running.get("figures", {}).items()]
    facts.append(f"for {duration(status.elapsed_s)}")
    if status.current_left_s is not None:
        facts.append(f"about {duration(status.current_left_s)} more")
    return f"{stage.label}: {', '.join(facts)}"


def _in_short(stages: list[RunStage]) -> str:
    """The stages' names, the first ones if they are many."""
    names = [stage.label for stage in stages[:MAX_NAMED]]
    more = len(stages) - len(names)
    return ", ".join([*names, *([f"and {more} more"] if more else [])]) or "nothing"


def as_dict(status: Status) -> dict[str, Any]:
    """The status for programs; times in seconds."""
    current = status.current
    return {
        "run": status.title,
        "running": None
        if current is None
        else {
            **{"stage": current.name, "iteration": current.iteration},
            **{k: (status.running or {}).get(k) for k in ("what", "done", "total", "figures")},
            **{"elapsed_s": status.elapsed_s, "left_s": status.current_left_s},
        },
        "done": [stage.label for stage in status.stages_done],
        "left": [
            {"stage": stage.label, "expected_s": status.expected_s(stage)}
            for stage in status.stages_left
        ],
        "left_s": status.left_s,
    }
