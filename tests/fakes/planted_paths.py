"""Paths to label, and an engine whose rollouts end as planted."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import Completion, Request
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.fakes.toy_problems import toy_problems

GRADE = GradeSettings(workers=1, timeout_s=1.0, memory_mb=512, sandbox="bubblewrap")


class Lucky:
    """Reaches the answer with a chance that depends on the prompt."""

    version = "lucky-1"

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers, self.drawn = answers, 0

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        self.drawn += len(requests)
        return [Completion(f"#### {self._answer(r)}", 2, -1.0, "stop") for r in requests]

    def _answer(self, request: Request) -> str:
        chance = sum(map(ord, request.text)) % 10
        right = next(a for q, a in self.answers.items() if request.text.startswith(q))
        return right if request.seed % 10 < chance else "-1"


def planted_paths() -> tuple[pl.DataFrame, pl.DataFrame]:
    """(problems, paths): each problem's gold path and a spoiled one that begins alike."""
    problems = toy_problems().filter(pl.col("split") == "train")
    rows = []
    for problem, rationale in problems.select("problem_id", "rationale").rows():
        for correct in (True, False):
            steps = rationale if correct else [*rationale[:-1], "#### -1"]
            rows.append(
                {
                    "path_id": f"{problem}-{correct}",
                    "problem_id": problem,
                    "made_in": 1,
                    "fingerprint": f"{problem}-{correct}",
                    "correct": correct,
                    "steps": steps,
                    "kept": True,
                    "truth": [True] * (len(steps) - 1) + [correct],
                }
            )
    return problems, pl.DataFrame(rows)


def drawer_of(checkpoint: Path, problems: pl.DataFrame) -> tuple[Sampler, Lucky]:
    engine = Lucky(dict(problems.select("prompt", "answer").rows()))
    transformers = TransformersSettings(
        name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=1000
    )
    drawer = Sampler(checkpoint, transformers, ComputeSettings(threads=1), StageRun(1, 0))
    drawer._engine = engine
    return drawer, engine
