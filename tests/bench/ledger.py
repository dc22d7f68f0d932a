"""The ledger: finding draws again against drawing them again."""

import os
from pathlib import Path

from stages.compute import ComputeSettings
from stages.engines.draw import Drawer
from stages.engines.engine import Sampling, TransformersSettings
from stages.stage import Turn
from tests.bench.case import Case
from tests.conftest import toy_problems


def case(folder: Path) -> Case:
    """1,024 draws with the model that the engine's benchmark left."""
    os.environ["RATCHET_LEDGER"] = str(folder / "ledger")
    settings = TransformersSettings(name="transformers", batch_size=512, shard_size=2048)
    prompts = [p for p in toy_problems(n_train=20)["prompt"].head(128) for _ in range(8)]
    sampling = Sampling(1.0, 1.0, 48)
    fresh = iter(range(1, 1000))

    def draw(seed: int) -> object:
        drawer = Drawer(folder / "model", settings, ComputeSettings(threads=None), Turn(1, seed))
        requests = drawer.requests(prompts, [*range(8)] * 128, sampling)
        return drawer.draw(requests, sampling, "bench")

    return Case("1024 draws again", lambda: draw(0), "drawing them", lambda: draw(next(fresh)))
