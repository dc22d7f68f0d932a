"""Fixtures of stage tests."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.rejects import Rejects
from schemas.reveals import Reveals
from schemas.samples import Samples
from schemas.verdicts import Verdicts
from stages.compute.compute_settings import ComputeSettings
from stages.engines import sampler
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.guidance.teacher import TeacherSettings
from stages.guide import guide
from stages.pipeline.stage_run import StageRun
from tests.fakes.scripted_guidance import GRADE, PROBLEMS, Scripted, plain, teacher_settings
from tests.fakes.small_settings import guide_settings


@pytest.fixture
def guided(
    run_folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, pl.DataFrame]]:
    def run(
        solves: Callable[[str, int], bool] = lambda prompt, draw: False,
        right: int = 0,
        teacher: TeacherSettings | None = None,
        problems: pl.DataFrame = PROBLEMS,
        earlier: pl.DataFrame | None = None,
        writes: tuple[str, str] = ("#### {}", "#### -1"),
        **changes: object,
    ) -> dict[str, pl.DataFrame]:
        engine = Scripted(solves, *writes)
        monkeypatch.setattr(sampler, "open_engine", lambda *_: engine)
        samples, verdicts = plain(right)
        made: dict[str, pl.DataFrame] = guide(
            problems=problems,
            samples=samples,
            verdicts=verdicts,
            earlier=Reveals.create_empty() if earlier is None else earlier,
            policy=checkpoint,
            simulator=checkpoint,
            guide=guide_settings(**changes),
            teacher=teacher or teacher_settings(),
            engine=TransformersSettings(
                name="transformers", max_length=None, precision="auto", batch_size=8, shard_size=100
            ),
            grade=GRADE,
            compute=ComputeSettings(threads=1),
            stage_run=StageRun(1, 0),
        )
        run.asked = engine.asked  # type: ignore[attr-defined]
        frames = {}
        for table in (Samples, Verdicts, Reveals, Rejects):
            named = {"iteration": 1} | ({"stage": "guide"} if "stage" in table.partitions else {})
            whole = made[table.noun].with_columns(pl.lit(v).alias(k) for k, v in named.items())
            frames[table.noun] = store.validate(whole, table, "test")
        return frames

    return run
