"""The ledger: finding draws again against drawing them again, and among a million others."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl

from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import Completion
from stages.engines.ledger import SCHEMA, Ledger
from stages.engines.sampler import Sampler
from stages.engines.shard_index import FILE, ShardIndex
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.bench.case import Case
from tests.bench.engine import untrained
from tests.fakes.toy_problems import toy_problems

MILLION, SHARD, WANTED = 1_000_000, 2048, 10_240


def case(folder: Path) -> Case:
    """1,024 draws, with the engine benchmark's model."""
    untrained(folder / "model")
    os.environ["RATCHET_LEDGER"] = str(folder / "ledger")
    settings = TransformersSettings(
        name="transformers", max_length=None, precision="auto", batch_size=512, shard_size=2048
    )
    prompts = [p for p in toy_problems(n_train=20)["prompt"].head(128) for _ in range(8)]
    sampling = Sampling(1.0, 1.0, 48)
    fresh = iter(range(1, 1000))

    def draw(seed: int) -> object:
        drawer = Sampler(
            folder / "model", settings, ComputeSettings(threads=None), StageRun(1, seed)
        )
        requests = drawer.requests(prompts, [*range(8)] * 128, sampling)
        return drawer.sample(requests, sampling, "bench")

    def notes() -> list[str]:
        files = [*(folder / "ledger").rglob("*.parquet")]
        rows = pl.concat(pl.read_parquet(file, hive_partitioning=False) for file in files)
        lines = sum(
            len(json.dumps(row, ensure_ascii=False).encode()) + 1 for row in rows.to_dicts()
        )
        n_bytes = sum(file.stat().st_size for file in files)
        return [f"{n_bytes / len(rows):.0f} bytes a draw, JSONL {lines / len(rows):.0f}"]

    return Case(
        "1024 draws again",
        lambda: draw(0),
        "drawing them",
        lambda: draw(next(fresh)),
        notes=notes,
    )


def as_drawn(folder: Path) -> Case:
    """A million draws in the shards that a stage leaves."""
    return _among_many(Ledger("many", folder), "")


def as_merged(folder: Path) -> Case:
    """The same after the ledger has merged its small shards."""
    ledger = Ledger("many", folder)
    ledger._merge()
    return _among_many(ledger, ", merged")


def _among_many(many: Ledger, how: str) -> Case:
    """Draws of five shards, as another run asks for again; the plain way reads all of each."""
    if not many.folder.exists():
        _write_million(many)
    keys = json.loads((many.folder / "wanted.json").read_text())

    def plain() -> dict[str, Completion]:
        wanted = pl.DataFrame({"key": keys})
        frames = [pl.read_parquet(shard) for shard in many.shards()]
        rows = [row for f in frames for row in f.join(wanted, on="key", how="semi").iter_rows()]
        return {key: Completion(*values) for key, *values in rows}

    def ours() -> dict[str, Completion]:
        return Ledger("many", many.folder.parent).find(keys)

    def notes() -> list[str]:
        holders, _ = ShardIndex(many.folder).find(many.shards(), keys)
        n_bytes = [sum(file.stat().st_size for file in files) / 1e6
                   for files in (many.shards(), holders, [many.folder / FILE])]  # fmt: skip
        all_read = f"{len(many.shards())} shards of {n_bytes[0]:.0f} MB"
        read = f"{len(holders)} of {n_bytes[1]:.1f} MB, and an index of {n_bytes[2]:.0f} MB"
        return [f"read {read}, not {all_read}; found the same: {plain() == ours()}"]

    work = f"{len(keys)} of {MILLION:,} draws found{how}"
    return Case(work, ours, "reading all shards", plain, notes=notes, rounds=5)


def _write_million(many: Ledger) -> None:
    many.folder.mkdir()
    chance = np.random.default_rng(0)
    texts = toy_problems(n_train=200).filter(pl.col("rationale").list.len() > 0)
    keys: list[str] = []
    for first in range(0, MILLION, SHARD):
        n = min(SHARD, MILLION - first)
        names = chance.bytes(16 * n).hex()
        keys += [names[32 * i : 32 * i + 32] for i in range(n)]
        some = texts.sample(n, with_replacement=True, seed=first).select(
            pl.Series("key", keys[first:]),
            pl.col("rationale").list.join("").alias("text"),
            n_tokens=pl.lit(30),
            logprob=pl.Series(chance.normal(size=n)),
            finish=pl.lit("stop"),
        )
        many._write(some.cast(pl.Schema(SCHEMA)))
    middle = MILLION // SHARD // 2 * SHARD
    (many.folder / "wanted.json").write_text(json.dumps(keys[middle : middle + WANTED]))
