"""Sampling: rounds until enough is wanted, seeds that differ, ids that repeat."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import Completion, Request
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from stages.sample import (
    SampleSettings,
    mark_unguided,
    problems_to_sample,
    sample_problems,
    target_count,
)
from tests.fakes.toy_problems import toy_problems

GRADE = GradeSettings(workers=1, timeout_s=1.0, memory_mb=512, sandbox="bubblewrap")


class Third:
    """Solves a problem on every third draw."""

    version = "third-1"

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        return [
            Completion(f"#### {self.answers[r.prompt] if r.draw % 3 == 2 else -1}", 2, -1.0, "stop")
            for r in requests
        ]


def settings(**changes: object) -> SampleSettings:
    values = {
        "mode": "sampling",
        "model": "policy",
        "pool": "undemonstrated",
        "k": 2,
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 8,
        "min_positives": None,
        "min_negatives": None,
        "shrink": 0.5,
        "max_draws": 12,
        "max_minutes": None,
    }
    return SampleSettings.model_validate(values | changes)


def drawn(checkpoint: Path, iteration: int = 1, **changes: object) -> pl.DataFrame:
    problems = problems_to_sample(toy_problems(), "undemonstrated").head(5)
    engine = TransformersSettings(
        name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=1000
    )
    drawer = Sampler(checkpoint, engine, ComputeSettings(threads=1), StageRun(iteration, 0))
    drawer._engine = Third(dict(problems.select("prompt", "answer").rows()))
    return mark_unguided(sample_problems(drawer, problems, settings(**changes), GRADE))


@pytest.mark.parametrize(
    ("changes", "draws"),
    [
        ({}, 2),
        ({"k": 5}, 5),
        ({"min_positives": 1}, 4),
        ({"min_positives": 2}, 6),
        ({"min_negatives": 3}, 4),
        ({"min_positives": 100}, 12),
        ({"min_positives": 100, "max_draws": 7}, 7),
        ({"min_positives": 100, "max_minutes": 1e-9}, 2),
        ({"min_positives": 2, "max_minutes": 99.0}, 6),
        ({"mode": "greedy", "k": 9}, 1),
    ],
)
def test_draws_a_problem(
    run_folder: Path, checkpoint: Path, changes: dict[str, object], draws: int
) -> None:
    counts = drawn(checkpoint, **changes).group_by("problem_id").len()["len"]
    assert set(counts) == {draws}


@pytest.mark.parametrize(
    ("number", "iteration", "asked"), [(10, 1, 10), (10, 2, 5), (10, 3, 3), (1, 5, 1), (None, 1, 0)]
)
def test_later_rounds_want_half_and_then_a_quarter(
    number: int | None, iteration: int, asked: int
) -> None:
    assert target_count(number, 0.5, iteration) == asked


def test_every_draw_has_its_own_seed_and_id(run_folder: Path, checkpoint: Path) -> None:
    samples = drawn(checkpoint, k=8)
    assert samples["seed"].is_unique().all()
    assert samples["sample_id"].is_unique().all()
    assert samples["sample_id"].equals(drawn(checkpoint, k=8)["sample_id"])


def test_an_empty_pool_is_one_line() -> None:
    demonstrated = toy_problems().filter("demonstrated")
    with pytest.raises(RatchetError, match=r"use -S sample\.pool=all"):
        problems_to_sample(demonstrated, "undemonstrated")
