"""Losses of thirty steps of each objective: `python -m tests.fakes.trajectories` records them."""

import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stages.compute.compute_settings import ComputeSettings, set_up
from stages.objectives.objective_list import OBJECTIVES
from stages.training.job import Job
from stages.training.rows import Rows
from tests.fakes.training_jobs import examples, job, pairs

FILE = Path(__file__).parent / "trajectories.json"
STEPS = 30


def many(n: int = 24) -> Rows:
    """Distinct problems, each with a pair, and with two unpaired rows whose steps are labelled."""
    both, single = [], []
    for i in range(n):
        prompt, more = f"Ann has {i} pens and gets {i % 5 + 2}.\n", i % 5 + 2
        right = [f"Ann: {i}+{more}={i + more}\n", f"#### {i + more}"]
        wrong = [f"Ann: {i}+{more}={i + more}\n", f"Ann: {i}*2={i * 2}\n", f"#### {i * 2}"]
        both.append((prompt, "", "".join(right), "".join(wrong), True, True))
        single.append((prompt, right, True, [True, True]))
        single.append((prompt, wrong, False, [True, False, False]))
    return Rows(pairs(both), examples(single))


def rows_for(objective: str) -> Rows:
    rows = many()
    if objective == "sft":
        return Rows(examples=rows.examples.filter("correct"))
    if objective == "step_dpo":
        shape = {"prefix": pl.lit("Ann: 1+1=2\n"), "chosen_ends": pl.lit(False)}
        return Rows(pairs=rows.pairs.with_columns(**shape))
    return Rows(pairs=rows.pairs) if OBJECTIVES[objective].needs == "pairs" else rows


def train(run: Job, rows: Rows) -> pl.DataFrame:
    set_up(ComputeSettings(threads=1), run.stage_run.seed)
    run.out.mkdir(exist_ok=True)
    return OBJECTIVES[run.settings.objective].function(run, rows)  # type: ignore[attr-defined]


def trajectory(objective: str, checkpoint: Path, out: Path) -> list[float]:
    """The loss of each step."""

    def every_step(arguments: Any) -> Any:
        return lambda self, rows: arguments(self, rows) | {"logging_steps": 1}

    run = job(objective, checkpoint, out, max_steps=STEPS, nll=0.2, learning_rate=2e-3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Job, "arguments", every_step(Job.arguments))
        return [round(loss, 6) for loss in train(run, rows_for(objective))["loss"]]


if __name__ == "__main__":
    from stages.base import seen_texts
    from stages.models.scratch import make_scratch
    from tests.fakes.small_settings import scratch_settings
    from tests.fakes.toy_problems import toy_problems

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_scratch(scratch_settings(), seen_texts(toy_problems()), 0, folder / "checkpoint")
        found = {o: trajectory(o, folder / "checkpoint", folder / o) for o in sorted(OBJECTIVES)}
    FILE.write_text(json.dumps(found, indent=1) + "\n")
