"""Which samples count as rollouts of the simulator."""

from pathlib import Path

import polars as pl
import pytest

from stages.feedback.evidence import right_samples
from stages.feedback.simulation import step_prefixes
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.fakes.planted_paths import drawer_of, planted_paths
from tests.fakes.small_settings import label_settings


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({}, True),
        ({"prompt": "with a hint"}, False),
        ({"sampling": Sampling(0.7, 1.0, 8)}, False),
        ({"stage_run": StageRun(1, 1)}, False),
        ({"model_digest": "another"}, False),
        ({"correct": False}, False),
    ],
)
def test_a_right_sample_is_evidence_where_the_simulator_drew_it(
    run_folder: Path, checkpoint: Path, changed: dict[str, object], known: bool
) -> None:
    problems, paths = planted_paths()
    problem, prompt = problems.select("problem_id", "prompt").row(0)
    drawer, _ = drawer_of(checkpoint, problems)
    seeder, _ = drawer_of(checkpoint, problems)
    seeder.stage_run = changed.get("stage_run", seeder.stage_run)
    asked = changed.get("prompt", prompt), changed.get("sampling", label_settings().sampling)
    (request,) = seeder.requests([asked[0]], [3], asked[1])
    digest = changed.get("model_digest", drawer.model_digest)
    sample = {"sample_id": "s", "problem_id": problem, "draw": 3, "seed": request.seed}
    pl.DataFrame([sample | {"model_digest": digest}]).write_parquet("samples.parquet")
    path = paths.filter((pl.col("problem_id") == problem) & pl.col("correct"))
    taken = path.with_columns(
        sample_ids=pl.lit(["s", "other"]), correct=pl.lit(changed.get("correct", True))
    )
    found = right_samples(
        taken, [Path("samples.parquet")], problems, drawer, label_settings().sampling
    )
    inner = step_prefixes(path, problems).filter(~pl.col("last"))["prefix_id"]
    assert sorted(found.rows()) == (sorted((name, 1) for name in inner) if known else [])
