"""Answers of two models, and `review` on them."""

from pathlib import Path

import polars as pl

from schemas import store
from schemas.duels import Duels
from schemas.evaluations import Evaluations
from schemas.flaws import Flaws
from schemas.problems import Problems
from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.feedback.critic import CriticSettings
from stages.feedback.verifier_scores import ScoreSettings
from stages.pipeline.stage_run import StageRun
from stages.review import ReviewSettings, review
from tests.fakes.small_settings import toy_settings

PROBLEMS = pl.DataFrame(
    [
        {
            "problem_id": f"p{n}",
            "source": "toy",
            "split": "test",
            "domain": "in",
            "kind": "math",
            "question": f"Question {n}?",
            "prompt": f"Question {n}?\n",
            "answer": f"{n}",
            "rationale": ["Gold.\n", f"#### {n}"] if n % 2 else [],
            "demonstrated": False,
            "options": [],
            "tests": [],
            "given": "",
        }
        for n in range(4)
    ],
    schema=Problems.polars_schema(),
)
RIGHT = {"M0": [True, True, False, False], "M1": [True, False, True, False]}


def answers(model: str) -> pl.DataFrame:
    """Greedy answers and a vote on each problem; M0 and M1 solve two of four each."""
    rows = [
        {
            "iteration": int(model[1]),
            "problem_id": f"p{n}",
            "mode": mode,
            "suite": "toy",
            "n_drawn": 1,
            "n_correct": int(right),
            "correct": right,
            "text": f"{model} first.\n{model} second.\n#### {n}" if mode == "greedy" else None,
            "n_tokens": 9,
        }
        for n, right in enumerate(RIGHT[model])
        for mode in ("greedy", "vote")
    ]
    return pl.DataFrame(rows, schema=Evaluations.polars_schema())


def critic_settings(**changes: object) -> CriticSettings:
    values = {
        "provider": "server", "url": None, "model": "critic-1", "key_variable": "CRITIC_KEY",
        "concurrency": 2, "timeout_s": 10.0, "retries": 0, "shard_size": 8, "temperature": 0.5,
        "max_tokens": 100, "max_tries": 2, "json_schema": False, "system": None, "stop": [],
    }  # fmt: skip
    return CriticSettings.model_validate(values | changes)


def reviewed(
    run_folder: Path,
    reviewer: str = "oracle",
    duel_with: str = "none",
    limit: int | None = None,
    verifier: Path | None = None,
    policy: Path | None = None,
    iteration: int = 1,
    **changes: object,
) -> dict[str, pl.DataFrame]:
    """What the stage makes of M1's answers beside M0's."""
    made: dict[str, pl.DataFrame] = review(
        problems=PROBLEMS,
        answers=answers(f"M{iteration}"),
        first=answers("M0"),
        verifier=verifier or run_folder,
        policy=policy or run_folder,
        simulator=run_folder,
        review=ReviewSettings.model_validate(
            {
                "reviewer": reviewer,
                "wrong_below": 0.5,
                "duel_with": duel_with,
                "max_problems": limit,
            }
        ),
        critic=critic_settings(**changes),
        score=ScoreSettings(batch_size=8, max_length=128, annotated={}),
        task=toy_settings(),
        engine=TransformersSettings(
            name="transformers", max_length=None, precision="auto", batch_size=8, shard_size=8
        ),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(iteration, 0),
    )
    for table in (Flaws, Duels):
        if not made[table.noun].is_empty():
            store.write(made[table.noun], table, iteration=iteration)
    return made
