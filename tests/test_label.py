"""Monte-Carlo labels: counts, early stopping, and which paths are labelled."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from stages.compute import ComputeSettings
from stages.engines.draw import Drawer
from stages.engines.engine import Completion, Request, Sampling, TransformersSettings
from stages.grading.frame import GradeSettings
from stages.label import LabelSettings, choose_paths, label, prefixes, simulate
from stages.stage import Turn
from tests.conftest import toy_problems

GRADE = GradeSettings(workers=1, timeout_s=1.0)


class Lucky:
    """Reaches the answer with a chance that depends on the prompt."""

    version = "lucky-1"

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers, self.drawn = answers, 0

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        self.drawn += len(requests)
        return [Completion(f"#### {self._answer(r)}", 2, -1.0, "stop") for r in requests]

    def _answer(self, request: Request) -> str:
        chance = sum(map(ord, request.prompt)) % 10
        right = next(a for q, a in self.answers.items() if request.prompt.startswith(q))
        return right if request.seed % 10 < chance else "-1"


def settings(**changes: object) -> LabelSettings:
    values = {
        "by": "rollouts",
        "rollouts": 8,
        "delta": 0,
        "paths": 100,
        "per_problem": 2,
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 8,
        "early_stop": False,
    }
    return LabelSettings.model_validate(values | changes)


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
                    "correct": correct,
                    "steps": steps,
                    "kept": True,
                }
            )
    return problems, pl.DataFrame(rows)


def drawer_of(checkpoint: Path, problems: pl.DataFrame) -> tuple[Drawer, Lucky]:
    engine = Lucky(dict(problems.select("prompt", "answer").rows()))
    transformers = TransformersSettings(name="transformers", batch_size=4, shard_size=1000)
    drawer = Drawer(checkpoint, transformers, ComputeSettings(threads=1), Turn(1, 0))
    drawer._engine = engine
    return drawer, engine


def counted(run: Path, checkpoint: Path, name: str, **changes: object) -> tuple[pl.DataFrame, int]:
    problems, paths = planted_paths()
    drawer, engine = drawer_of(checkpoint, problems)
    drawer.ledger.folder = run / name
    asked = prefixes(paths, problems).filter(~pl.col("last")).unique("prefix_id")
    counts = simulate(drawer, asked.sort("prefix_id"), settings(**changes), GRADE)
    return counts.sort("prefix_id"), engine.drawn


@pytest.mark.parametrize("delta", [0, 1, 3, 7])
@pytest.mark.parametrize("rollouts", [4, 8])
def test_early_stopping_gives_the_labels_of_all_rollouts(
    run_folder: Path, checkpoint: Path, delta: int, rollouts: int
) -> None:
    same = {"delta": delta, "rollouts": rollouts}
    full, full_draws = counted(run_folder, checkpoint, "full", **same)
    early, early_draws = counted(run_folder, checkpoint, "early", early_stop=True, **same)
    right = full["n_correct"] > delta
    assert (early["n_correct"] > delta).equals(right)
    assert early_draws <= full_draws == full.height * rollouts
    assert full["stop"].unique().to_list() == ["all"]
    stopped = early.filter(pl.col("stop") == "successes")
    assert (stopped["n_correct"] == delta + 1).all()
    lost = early.filter(pl.col("stop") == "out_of_reach")
    assert (lost["n_correct"] + rollouts - lost["n_rollouts"] <= delta).all()
    if delta < rollouts:
        assert early_draws < full_draws


def test_paths_that_begin_alike_share_their_rollouts() -> None:
    problems, paths = planted_paths()
    steps = prefixes(paths, problems)
    inner = steps.filter(~pl.col("last"))
    assert inner["prefix_id"].n_unique() * 2 == inner.height
    assert steps.filter("last").height == paths.height


@pytest.mark.parametrize(
    ("number", "per_problem", "chosen"), [(7, 2, 7), (1000, 1, 70), (1000, 9, 140)]
)
def test_which_paths_are_labelled(number: int, per_problem: int, chosen: int) -> None:
    _, paths = planted_paths()
    some = choose_paths(paths, number, per_problem)
    assert some.height == chosen
    assert some.group_by("problem_id").len()["len"].max() <= per_problem
    assert some.equals(choose_paths(paths.reverse(), number, per_problem))
    if per_problem == 2:
        assert some["correct"].n_unique() == 2


def test_the_last_step_has_the_paths_outcome(
    run_folder: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems, paths = planted_paths()
    _, engine = drawer_of(checkpoint, problems)
    monkeypatch.setattr("stages.engines.draw.open_engine", lambda *_: engine)
    made = label(
        problems=problems,
        paths=paths,
        simulator=checkpoint,
        label=settings(paths=1000),
        engine=TransformersSettings(name="transformers", batch_size=4, shard_size=1000),
        grade=GRADE,
        compute=ComputeSettings(threads=1),
        turn=Turn(1, 0),
    )
    known = made.filter(pl.col("labeler") == "outcome").join(paths, on="path_id")
    assert (known["label"] == known["correct"]).all()
    assert made.height == paths["steps"].list.len().sum()
