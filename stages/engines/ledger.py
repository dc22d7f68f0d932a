"""The generation ledger: every completion ever drawn, stored by what determines it.

It is a folder of Parquet shards beside DVC's cache, each named by the digest of its bytes. A draw's
key is a digest of the model's bytes, the engine and its version, the prompt, the sampling
settings, the seed and the index, so a killed run finds what it had drawn, and a second run that
needs the same completions gets them for free. Concurrent runs share it: shards appear whole and
never change, one process writes at a time, and all runs get the draw that was stored first.
"""

import fcntl
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import IO

import polars as pl

from schemas.errors import RatchetError
from schemas.store import PINNED, atomic_path, write_error
from stages.engines import draw_origin
from stages.engines.engine import Completion
from stages.pipeline.cache_dir import cache_dir
from stages.pipeline.digests import dvc_hash

SCHEMA = {
    "key": pl.String,
    "text": pl.String,
    "n_tokens": pl.Int32,
    "logprob": pl.Float64,
    "finish": pl.String,
}
LOCK = ".lock"
# of draws that were kept before replies were checked: others would fail each run that finds them
SOUND = (pl.col("n_tokens") >= 0) & pl.col("logprob").is_finite().fill_null(True)
# this many shards below SMALL_BYTES are merged into shards of about LARGE_BYTES
MERGE_AT_SHARDS, SMALL_BYTES, LARGE_BYTES = 64, 1 << 20, 8 << 20


def ledger_folder() -> Path:
    """$RATCHET_LEDGER, or `ledger/` in DVC's cache folder, which all workspaces share."""
    folder = os.environ.get("RATCHET_LEDGER")
    return Path(folder) if folder else cache_dir("ledger")


class Ledger:
    """The shards of one model and engine."""

    def __init__(self, owner: str, root: Path | None = None) -> None:
        self.folder = (root or ledger_folder()) / owner
        self._key_hashes: dict[str, pl.Series] = {}  # by shard; 8 bytes a draw
        self._merge_tried = False

    def find(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The stored completions, by key. A shard that can't be read is set aside.

        A process reads every shard's keys once, and rows only of shards that hold one of `keys`.
        """
        with suppress(OSError):
            os.utime(self.folder)  # records when it was last used
        while True:
            try:
                self._refresh_keys()
                return self._read_completions(keys)
            except FileNotFoundError:
                continue  # another process has merged a shard meanwhile: look again

    def add(self, drawn: dict[str, Completion]) -> dict[str, Completion]:
        """Adds one shard, whole or not at all; returns what the ledger has under these keys.

        If another process added a key first, that is its draw: all runs continue with the same one.
        """
        with self._exclusive_lock():
            if not self._merge_tried:
                with suppress(FileNotFoundError, RatchetError):  # an unfinished merge loses nothing
                    self._merge()
            known = self.find(list(drawn))
            rows = [{"key": k, **asdict(c)} for k, c in drawn.items() if k not in known]
            if rows:
                self._write(pl.DataFrame(rows, schema=SCHEMA))
        return drawn | known

    def record_origin(self, model: Path, weights: str) -> None:
        """Records beside the shards which model folder they are drawn from: see `draw_origin`."""
        origin = draw_origin.read_origin(self.folder)
        if origin is None or str(model.resolve()) not in origin.folders:
            new = draw_origin.Origin(weights, origin.dvc_hash if origin else dvc_hash(model), [])
            with suppress(RatchetError), self._exclusive_lock():  # a ledger may be only readable
                draw_origin.record(self.folder, model, new)

    def delete(self) -> None:
        """Deletes all draws. A run that is drawing keeps what it has in memory, and starts anew."""
        deleted = self.folder.with_name(f".deleted.{os.getpid()}")
        with self._exclusive_lock():
            self.folder.replace(deleted)
        shutil.rmtree(deleted)

    def shards(self) -> list[Path]:
        """The shards, in order."""
        return sorted(path for path in self.folder.glob("*.parquet") if path.is_file())

    def _refresh_keys(self) -> None:
        """Updates the known keys to the shards in the folder."""
        shards = {shard.name: shard for shard in self.shards()}
        for gone in self._key_hashes.keys() - shards.keys():
            del self._key_hashes[gone]
        new = [shard for name, shard in shards.items() if name not in self._key_hashes]
        for first in range(0, len(new), MERGE_AT_SHARDS):
            group = new[first : first + MERGE_AT_SHARDS]
            try:
                self._read_keys(group)
            except pl.exceptions.PolarsError:
                for shard in group:
                    self._read_keys_or_set_aside(shard)

    def _read_keys(self, shards: list[Path]) -> None:
        scan = pl.scan_parquet(
            shards, include_file_paths="shard", hive_partitioning=False, glob=False
        )
        keys = scan.select(pl.col("shard").cast(pl.Categorical), pl.col("key").hash()).collect()
        for (path,), shard_keys in keys.partition_by(
            "shard", as_dict=True, include_key=False
        ).items():
            self._key_hashes[Path(path).name] = shard_keys["key"].rechunk()

    def _read_keys_or_set_aside(self, shard: Path) -> None:
        try:
            self._read_keys([shard])
        except pl.exceptions.PolarsError:
            self._set_aside(shard)

    def _read_completions(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions of the keys that shards have. Raises FileNotFoundError if one is gone."""
        requested = pl.DataFrame({"key": keys}, schema={"key": pl.String})
        hashes = requested["key"].hash().unique().implode()
        completions: dict[str, Completion] = {}
        for shard in [s for s, known in self._key_hashes.items() if known.is_in(hashes).any()]:
            rows = self._read(self.folder / shard).join(requested, on="key", how="semi")
            completions |= {key: Completion(*values) for key, *values in rows.iter_rows()}
        return completions

    def _read(self, shard: Path) -> pl.DataFrame:
        """A shard's rows; none if its bytes have changed since it was written.

        Parquet alone does not detect that: most flipped bits read as other values.
        """
        content = shard.read_bytes()
        try:
            if _shard_name(content) == shard.name:
                return pl.read_parquet(io.BytesIO(content)).select(*SCHEMA).filter(SOUND)
        except pl.exceptions.PolarsError:
            pass
        self._set_aside(shard)
        return pl.DataFrame(schema=SCHEMA)

    def _set_aside(self, shard: Path) -> None:
        self._key_hashes.pop(shard.name, None)
        with suppress(OSError):  # another process was faster, or this one may not write here
            shard.replace(shard.with_suffix(".damaged"))
            print(f"ledger: {shard} is damaged and was set aside; its draws will be made again")

    def _write(self, frame: pl.DataFrame) -> Path:
        buffer = io.BytesIO()
        frame.write_parquet(buffer, **PINNED)
        shard = self.folder / _shard_name(buffer.getvalue())
        with atomic_path(shard) as partial:
            partial.write_bytes(buffer.getvalue())
        return shard

    @contextmanager
    def _exclusive_lock(self) -> Iterator[None]:
        """Keeps other processes from writing or merging in this folder."""
        while True:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                file = (self.folder / LOCK).open("w")
            except OSError as error:
                in_the_way = any(os.path.lexists(f) and not f.is_dir() for f in self._ancestry())
                if in_the_way or not isinstance(error, FileNotFoundError | FileExistsError):
                    raise write_error(self.folder, error) from error
                continue  # another process deleted the folder between two calls
            with file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if self._is_current(file):
                    yield
                    return

    def _ancestry(self) -> list[Path]:
        return [self.folder, *self.folder.parents]

    def _is_current(self, lock: IO[str]) -> bool:
        """Whether this is still the folder's lock; no longer if the folder was deleted."""
        try:
            return os.path.samestat(os.fstat(lock.fileno()), (self.folder / LOCK).stat())
        except FileNotFoundError:
            return False

    def _merge(self) -> None:
        """Merges the many small shards that short rounds leave into few large ones.

        A large shard is written before its small ones are deleted, so readers always find the rows.
        A process killed in between leaves identical draws in two shards.
        """
        self._merge_tried = True
        for partial in self.folder.glob("*.partial"):
            partial.unlink()  # of a writer that was killed; no other writes during the lock
        small = [shard for shard in self.shards() if shard.stat().st_size < SMALL_BYTES]
        if len(small) < MERGE_AT_SHARDS:
            return
        while small:
            group, size = [], 0
            while small and size < LARGE_BYTES:
                group.append(small.pop())
                size += group[-1].stat().st_size
            rows = pl.concat([self._read(shard) for shard in group])
            merged = self._write(rows.unique("key", keep="first", maintain_order=True))
            for shard in group:
                if shard != merged:
                    shard.unlink(missing_ok=True)


def _shard_name(content: bytes) -> str:
    return f"{blake2b(content, digest_size=16).hexdigest()}.parquet"
