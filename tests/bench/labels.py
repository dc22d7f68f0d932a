"""Step labels: the rollouts that a label takes, and their time, against all K = 8 of each step.

Rollouts are decoded by the model that the engine's benchmark left, which knows nothing; how they
end is planted. From right steps 7 in 10 reach the answer, after a wrong one 3 in 100.
"""

import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import polars as pl
import torch

from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersEngine, TransformersSettings
from stages.engines.engine import Completion, Request
from stages.engines.sampler import Sampler
from stages.feedback.evidence import NO_EVIDENCE
from stages.feedback.simulation import label_rows, simulate, step_prefixes
from stages.grading.grade_frame import GradeSettings
from stages.label import LabelSettings, apply_prefix_and
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.bench.case import Case
from tests.fakes.rollout_draws import early, ideal, planted, played
from tests.fakes.small_settings import label_settings
from tests.fakes.toy_problems import toy_problems

PATHS, TOKENS, RIGHT, WRONG = 100, 24, 0.7, 0.03
STOP = {"early_stop": True}
WAYS: dict[str, dict[str, object]] = {
    "all rollouts": {},
    "early stop": STOP,
    "to the first wrong": STOP | {"search": "first"},
    "bisect": STOP | {"search": "bisect"},
    "bisect, all rollouts of a probe": {"search": "bisect"},
    "bisect, patience 6": STOP | {"search": "bisect", "patience": 6},
}
RATES = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9)


class Ended:
    """An engine whose completions take their time, and end as planted."""

    version = "planted-1"

    def __init__(self, engine: TransformersEngine, answers: dict[str, str]) -> None:
        self.engine, self.answers = engine, answers

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        done = self.engine.complete(requests, sampling)
        ends = [f"\n#### {self._end(request)}" for request in requests]
        return [
            Completion(end, c.n_tokens, c.logprob, "stop")
            for end, c in zip(ends, done, strict=True)
        ]

    def _end(self, request: Request) -> str:
        rate = WRONG if "wrong" in request.text else RIGHT
        answer = next(a for p, a in self.answers.items() if request.text.startswith(p))
        return answer if random.Random(request.seed).random() < rate else "-1"


def drawn_paths(problems: pl.DataFrame) -> pl.DataFrame:
    """Half of the paths are right; the others are wrong from one of their steps on."""
    rng, rows = random.Random(0), []
    for number, (problem, gold) in enumerate(problems.select("problem_id", "rationale").rows()):
        first = rng.randrange(len(gold)) if number % 2 else len(gold)
        steps = [s if n < first else f"wrong {s}" for n, s in enumerate(gold)]
        path = {"path_id": str(number), "problem_id": problem, "steps": steps}
        rows.append(path | {"correct": first == len(gold)})
    return pl.DataFrame(rows)


@dataclass(frozen=True)
class Bench:
    """The steps to label, and what they are labelled with."""

    folder: Path
    steps: pl.DataFrame
    engine: Ended

    def labelled(self, asked: LabelSettings, name: str) -> tuple[pl.DataFrame, int]:
        """The labels, and how many rollouts they took; `name` has a ledger of its own."""
        os.environ["RATCHET_LEDGER"] = str(self.folder / "labels" / name)
        settings = TransformersSettings(
            name="transformers", max_length=None, precision="auto", batch_size=512, shard_size=2048
        )
        drawer = Sampler(
            self.folder / "model", settings, ComputeSettings(threads=None), StageRun(1, 0)
        )
        drawer._engine = self.engine
        grade = GradeSettings(workers=1, timeout_s=1.0, memory_mb=512, sandbox="bubblewrap")
        counts, _ = simulate(drawer, self.steps, asked, grade, NO_EVIDENCE)
        return label_rows(self.steps, counts, asked), int(counts["n_rollouts"].sum())

    def ways(self) -> Iterator[str]:
        """Rollouts and time of each way, and how many labels it shares with all rollouts."""
        every: list[pl.Series] = []
        drawn = 0
        for name, changes in WAYS.items():
            asked = label_settings(max_tokens=TOKENS, **changes)
            started = time.perf_counter()
            rows, n = self.labelled(asked, name)
            elapsed_ms = 1000 * (time.perf_counter() - started) / rows.height
            rows = rows.sort("path_id", "step")
            found = [rows["label"], apply_prefix_and(rows)["label"]]
            every, drawn = every or found, drawn or n
            plain, strict = (f"{(a == b).mean():.1%}" for a, b in zip(found, every, strict=True))
            yield (
                f"{name}: {n / drawn:.1%} of the rollouts, {elapsed_ms:.1f} ms a step; "
                f"same labels: {plain}, with prefix_and {strict}"
            )


def by_rate() -> Iterator[str]:
    """Mean rollouts of early stopping at K = 8, and the fewest there can be."""
    yield "rollouts of 8 by solve rate, measured (ideal): " + ", ".join(map(str, RATES))
    paths = [(f"{chr(1000 + number)}.", True) for number in range(1000)]
    for delta in range(5):
        cells = []
        for rate in RATES:
            _, counts, _ = played(paths, planted(0, lambda _, r=rate: r), early(delta=delta))
            cells.append(f"{counts['n_rollouts'].mean():.2f} ({ideal(rate, delta):.2f})")
        yield f"delta {delta}: " + ", ".join(cells)


def case(folder: Path) -> Case:
    """100 paths of 3 to 6 steps."""
    problems = toy_problems(n_train=20).filter(pl.col("level") > 1).head(PATHS)
    decoder = TransformersEngine(folder / "model", 512, torch.device("cpu"))
    ended = Ended(decoder, dict(problems.select("prompt", "answer").rows()))
    bench = Bench(folder, step_prefixes(drawn_paths(problems), problems), ended)
    fresh = (str(number) for number in count())
    first = label_settings(max_tokens=TOKENS, early_stop=True, search="first")
    return Case(
        f"{bench.steps.height} step labels",
        lambda: bench.labelled(first, next(fresh)),
        "all rollouts of each",
        lambda: bench.labelled(label_settings(max_tokens=TOKENS), next(fresh)),
        notes=lambda: [*bench.ways(), *by_rate()],
    )
