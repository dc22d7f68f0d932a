"""A very small run of everything, whose stages run as processes, without DVC."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl

from stages.contract.dvc_files import ONCE, ROOT, params

SHARD, EVERY = 20, 4
SMALL = [  # in which every stage has something to do
    "iteration=1",
    "select=accuracy",
    "select.n_problems=8",
    "task.levels=1",
    "task.n_demonstrated=60",
    "task.n_train=48",  # of which 40 are drawn for
    "task.n_test=10",
    "model.width=48",
    "model.layers=2",
    "model.heads=2",
    "model.feed_forward=96",
    "model.simulator=trained",
    "simulator.n_per_level=60",
    "simulator.width=48",
    "simulator.layers=2",
    "simulator.heads=2",
    "simulator.feed_forward=96",
    "simulator.max_steps=40",
    "sft.max_steps=200",
    "sft.batch_size=16",
    "guide.strategy=state_reset",
    "guide.max_attempts=4",
    "label.max_paths=40",
    "label.max_rollouts=3",
    "grade.workers=1",
    "correct.method=resampling",
    "correct.max_tries=2",
    "verifier.max_steps=8",
    "pair.margin=0.0",
    "pair.min_rows=1",
    "align.max_steps=40",
    f"trainer.checkpoint_every={EVERY}",
    "evaluate.n_votes=2",
    "review.reviewer=verifier",
    f"engine.shard_size={SHARD}",
    "compute.threads=1",
]
TURN = f"""
from stages.check import check
from stages.contract.stage_list import load_stages
check.run(0)
for stage in load_stages():
    if stage.name == "review":
        stage.run(0)
    stage.run(int(stage.name not in {ONCE}))
    if stage.name == "sft":
        next(other for other in load_stages() if other.name == "evaluate").run(0)
"""


class Run:
    """A folder in which stages run as processes, with a ledger and checkpoints of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ledger = folder, folder / ".dvc/cache/ledger"
        self.asked = folder / "asked"
        (folder / "params.yaml").write_text(params(*SMALL))

    def start(
        self, *arguments: str, within: tuple[str, ...] = (), **how: Any
    ) -> subprocess.Popen[str]:
        """A Python process in the folder, `within` another command, or that command."""
        env = {k: v for k, v in os.environ.items() if k != "RATCHET_LEDGER"}
        env |= {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        env |= {"TRL_EXPERIMENTAL_SILENCE": "1"}
        return subprocess.Popen(
            [*within, *([sys.executable, "-P", *arguments] if arguments else [])],
            cwd=self.folder,
            env=env,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how,
        )

    def stage(self, name: str, within: tuple[str, ...] = ()) -> str:
        """Runs a stage of iteration 1 to its end; returns what it printed of an error."""
        process = self.start("-m", f"stages.{name}", "--iteration", "1", within=within)
        _, printed = process.communicate()
        assert (process.returncode == 0) == (printed == ""), printed
        return printed

    def draws(self) -> int:
        """How many the ledger holds."""
        return n_draws(self.ledger)

    def drawn(self) -> int:
        """How many the engine was asked for since `forget`."""
        return sum(map(int, self.asked.read_text().split())) if self.asked.exists() else 0

    def forget(self) -> None:
        """Empties the ledger and the checkpoints."""
        shutil.rmtree(self.folder / ".dvc", ignore_errors=True)
        self.asked.unlink(missing_ok=True)


def n_draws(ledger: Path) -> int:
    """How many different draws a ledger has: keys of a model and engine, each a folder."""
    files = [*ledger.rglob("*.parquet")]
    keys = [
        pl.read_parquet(file, columns=["key"], hive_partitioning=False).with_columns(
            owner=pl.lit(file.parent.name)
        )
        for file in files
    ]
    return pl.concat(keys).n_unique() if keys else 0


def make_whole(folder: Path) -> Run:
    """A run with everything made, iteration 1 included."""
    run = Run(folder)
    process = run.start("-c", TURN)
    _, printed = process.communicate()
    assert process.returncode == 0, printed
    return run
