"""The generation ledger: every completion ever drawn, kept by what determines it.

An append-only folder of Parquet shards beside DVC's cache. A draw's key is a digest of the
model's bytes, the engine and its version, the prompt, the sampling settings, the seed and the
index, so a killed run finds what it had drawn, and a second run that asks the same pays nothing.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from schemas.store import write_parquet
from stages.engines.engine import Completion
from stages.identity import digest
from stages.kept import beside_cache

SCHEMA = {
    "key": pl.String,
    "text": pl.String,
    "n_tokens": pl.Int32,
    "logprob": pl.Float64,
    "finish": pl.String,
}


def location() -> Path:
    """$RATCHET_LEDGER, or `ledger/` in DVC's cache folder, which all workspaces share."""
    given = os.environ.get("RATCHET_LEDGER")
    return Path(given) if given else beside_cache("ledger")


class Ledger:
    """The shards of one model and engine."""

    def __init__(self, owner: str, root: Path | None = None) -> None:
        self.folder = (root or location()) / owner

    def find(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions already there, by key. A shard that can't be read is set aside."""
        wanted = pl.DataFrame({"key": keys}, schema={"key": pl.String})
        found: dict[str, Completion] = {}
        for shard in sorted(self.folder.glob("*.parquet")):
            try:
                frame = pl.read_parquet(shard, hive_partitioning=False).select(*SCHEMA)
            except (pl.exceptions.PolarsError, OSError):
                print(f"ledger: {shard} is damaged and was set aside; its draws are made again")
                shard.replace(shard.with_suffix(".damaged"))
                continue
            for key, *values in frame.join(wanted, on="key", how="semi").iter_rows():
                found[key] = Completion(*values)
        return found

    def add(self, drawn: dict[str, Completion]) -> None:
        """Adds one shard, whole or not at all."""
        rows = [{"key": key, **asdict(completion)} for key, completion in sorted(drawn.items())]
        self.folder.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame(rows, schema=SCHEMA)
        write_parquet(frame, self.folder / f"{digest(*drawn)}.parquet")
