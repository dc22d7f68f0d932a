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
from hashlib import blake2b
from pathlib import Path
from typing import IO

import polars as pl

from schemas.errors import RatchetError
from schemas.store import PINNED, atomic_path, write_error
from stages.engines import draw_origin
from stages.engines.engine import Completion
from stages.engines.shard_index import ShardIndex
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
# this many shards below SMALL_BYTES are merged into shards of about LARGE_BYTES; all are read whole
MERGE_AT_SHARDS, SMALL_BYTES, LARGE_BYTES = 64, 1 << 17, 1 << 19


def ledger_folder() -> Path:
    """$RATCHET_LEDGER, or `ledger/` in DVC's cache folder, which all workspaces share."""
    folder = os.environ.get("RATCHET_LEDGER")
    return Path(folder) if folder else cache_dir("ledger")


class Ledger:
    """The shards of one model and engine."""

    def __init__(self, owner: str, root: Path | None = None) -> None:
        self.folder = (root or ledger_folder()) / owner
        self._index = ShardIndex(self.folder)
        self._merge_tried = False

    def find(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The stored completions, by key. A shard that can't be read is set aside.

        Rows are read only of shards that hold one of `keys`: see `shard_index`.
        """
        with suppress(OSError):
            os.utime(self.folder)  # records when it was last used
        while True:
            try:
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
            rows = [(key, *drawn[key]) for key in drawn if key not in known]
            if rows:
                self._write(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
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
        with suppress(FileNotFoundError), os.scandir(self.folder) as found:
            names = sorted(f.name for f in found if f.name.endswith(".parquet") and f.is_file())
            return [self.folder / name for name in names]
        return []

    def _read_completions(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions of the keys that shards have. Raises FileNotFoundError if one is gone."""
        holders, unreadable = self._index.find(self.shards(), keys)
        for shard in unreadable:
            self._set_aside(shard)
        requested = pl.LazyFrame({"key": keys}, schema={"key": pl.String})
        found = self._scan(holders).join(requested, on="key", how="semi").collect()
        key, *values = (found[name].to_list() for name in SCHEMA)
        return dict(zip(key, map(Completion, *values), strict=True))

    def _scan(self, shards: Sequence[Path]) -> pl.LazyFrame:
        """The shards' rows; none of a shard whose bytes have changed since it was written.

        Parquet alone does not detect that: most flipped bits read as other values.
        """
        sound: list[bytes] = []
        for shard in shards:
            content = shard.read_bytes()
            if _shard_name(content) == shard.name:
                sound.append(content)
            else:
                self._set_aside(shard)
        if not sound:
            return pl.LazyFrame(schema=SCHEMA)
        return pl.scan_parquet(sound).select(*SCHEMA).filter(SOUND)

    def _set_aside(self, shard: Path) -> None:
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
        """Merges the many small shards that short rounds leave into few larger ones.

        In the order of time, so that draws that were made together are still found together.
        A large shard is written before its small ones are deleted, so readers always find the rows.
        A process killed in between leaves identical draws in two shards.
        """
        self._merge_tried = True
        for partial in self.folder.glob("*.partial"):
            partial.unlink()  # of a writer that was killed; no other writes during the lock
        small = [shard for shard in self.shards() if shard.stat().st_size < SMALL_BYTES]
        small.sort(key=lambda shard: shard.stat().st_mtime_ns, reverse=True)
        if len(small) < MERGE_AT_SHARDS:
            return
        while small:
            group, size = [], 0
            while small and size < LARGE_BYTES:
                group.append(small.pop())
                size += group[-1].stat().st_size
            rows = self._scan(group).unique("key", keep="first", maintain_order=True)
            merged = self._write(rows.collect())
            for shard in group:
                if shard != merged:
                    shard.unlink(missing_ok=True)


def _shard_name(content: bytes) -> str:
    return f"{blake2b(content, digest_size=16).hexdigest()}.parquet"
