"""Does a GPU do what the processor does, and how fast: `make gpu-check`.

Two models made from scratch, tiny and of about 100M parameters, go through every objective in
bf16, and are drawn from. The table names the device. Where there is no GPU, one line says so.
"""

import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import RatchetError
from stages.base import seen_texts
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import Request, open_engine
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.models.scratch import make_scratch
from stages.objectives.objective_list import load_objective
from stages.objectives.reward_model import train_verifier
from stages.pipeline.digests import folder_digest
from stages.training.training_settings import OBJECTIVES
from tests.fakes.small_settings import scratch_settings
from tests.fakes.step_rows import step_rows
from tests.fakes.toy_problems import toy_problems
from tests.fakes.training_jobs import job
from tests.fakes.trajectories import rows_for

SIZES: dict[str, dict[str, int | float]] = {
    "tiny": {},
    "100M": {
        "width": 768,
        "layers": 12,
        "heads": 12,
        "kv_heads": 12,
        "feed_forward": 2560,
        "init_std": 0.02,
    },
}
HEADER = f"{'model':6}{'what':12}{'ms a step':>10}{'tokens/s':>10}{'peak MB':>9}  loss"


@dataclass(frozen=True)
class Result:
    """One row of the table; what a row does not measure is None."""

    model: str
    what: str
    step_ms: float | None = None
    tokens_per_s: float | None = None
    peak_mb: float | None = None
    losses: Sequence[float] = ()
    fault: str = ""

    def line(self) -> str:
        """The row as text."""
        numbers = ((self.step_ms, 10, 1), (self.tokens_per_s, 10, 0), (self.peak_mb, 9, 0))
        shown = "".join(
            f"{'-' if n is None else f'{n:,.{digits}f}':>{width}}" for n, width, digits in numbers
        )
        ends = f"{self.losses[0]:.3f} to {self.losses[-1]:.3f}" if self.losses else ""
        return f"{self.model:6}{self.what:12}{shown}  {self.fault or ends}".rstrip()


def check(sizes: Sequence[str], steps: int, draws: int, device: Any) -> Iterator[Result]:
    """Every objective, then sampling, for each size: `steps` steps, `draws` of each prompt.

    Each tenth step's loss is logged, as a mean of ten.
    """
    problems = toy_problems()
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            start = Path(name) / "start"
            start.mkdir()
            make_scratch(scratch_settings(**SIZES[size]), seen_texts(problems), 0, start)
            for what in (*sorted(OBJECTIVES), "verifier"):
                yield trained(size, what, start, Path(name) / what, steps, device)
            yield drawn(size, start, problems["prompt"].to_list(), draws, device)


def trained(
    size: str,
    what: str,
    start: Path,
    out: Path,
    steps: int,
    device: Any,
    precision: str = "bf16",
) -> Result:
    """A short run; a loss that is no number or weights that stay are faults."""
    from transformers import Trainer

    objective = "sft" if what == "verifier" else what
    changes = {"learning_rate": 1e-4, "max_steps": steps, "precision": precision}
    run = job(objective, start, out, **changes)
    out.mkdir()
    spent: list[float] = []
    whole = Trainer.train

    def timed(self: Any, *given: Any, **how: Any) -> Any:
        began = time.perf_counter()
        done = whole(self, *given, **how)
        spent.append(time.perf_counter() - began)
        return done

    def go() -> pl.DataFrame:
        set_up(ComputeSettings(threads=None), 0)
        if what == "verifier":
            return train_verifier(run, step_rows())
        return load_objective(what).train(run, rows_for(what))

    Trainer.train = timed
    try:
        losses, peak = measured(go, device)
    except (RatchetError, RuntimeError) as error:
        return Result(size, what, fault=f"FAILED: {str(error).splitlines()[0][:90]}")
    finally:
        Trainer.train = whole
    values = losses["loss"].drop_nulls().to_list()
    fault = "" if all(map(math.isfinite, values)) else "FAILED: a loss is no number"
    if folder_digest(out) == folder_digest(start):
        fault = "FAILED: no weight has changed"
    return Result(size, what, 1000 * spent[0] / steps, None, peak, values, fault)


def drawn(size: str, model: Path, prompts: list[str], draws: int, device: Any) -> Result:
    """New tokens a second of the embedded engine, the model loaded and warm."""
    settings = TransformersSettings(
        name="transformers", max_length=None, precision="auto", batch_size=512, shard_size=4096
    )
    engine = open_engine(settings, model, device, PromptForm())
    requests = [Request(prompt, i, i) for prompt in prompts for i in range(draws)]
    sampling = Sampling(1.0, 1.0, 128)
    engine.complete(requests[:2], sampling)
    began = time.perf_counter()
    done, peak = measured(lambda: engine.complete(requests, sampling), device)
    rate = sum(completion.n_tokens for completion in done) / (time.perf_counter() - began)
    return Result(size, "sampling", tokens_per_s=rate, peak_mb=peak)


def measured(go: Callable[[], Any], device: Any) -> tuple[Any, float | None]:
    """(what it returns, MB of the GPU's memory at the peak)."""
    import torch

    if device.type != "cuda":
        return go(), None
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return go(), torch.cuda.max_memory_allocated() / 2**20


def main() -> None:
    """Prints the table; exit code 1 if a row failed."""
    import torch

    if not torch.cuda.is_available():
        print("no GPU here: nothing checked")
        return
    name, version = torch.cuda.get_device_name(), torch.__version__
    print(f"{name}, torch {version}, bf16\n{HEADER}")
    failed = False
    for result in check(list(SIZES), steps=20, draws=16, device=torch.device("cuda")):
        print(result.line(), flush=True)
        failed |= bool(result.fault)
    sys.exit(failed)


if __name__ == "__main__":
    main()
