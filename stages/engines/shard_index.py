"""Which shards of a ledger have which draws, so that a look-up reads no others.

Shards never change, so what is known of one stays true: the file beside them may lack some or name
some that are gone, and needs no lock. If it is damaged or deleted, their keys are read again.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.errors import RatchetError
from schemas.store import atomic_path

FILE = ".index"
WRITE_AT_SHARDS = 16  # that the file lacks: each process reads the keys of these itself
Words = NDArray[np.uint64]


class ShardIndex:
    """The index of the shards in a folder: 16 bytes a draw.

    The file is one array of little-endian words of 64 bits: the sum of all others, the number of
    shards, a digest of each one's name, the draws' keys in order, and the name of each one's shard.
    Of a key only the last 64 bits are kept, so a shard may be found that lacks it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._is_loaded = False
        self._names: set[int] = set()
        self._keys, self._shards = np.empty((2, 0), np.uint64)
        self._new: dict[int, Words] = {}  # name → keys in order, of shards that the file lacks

    def find(self, shards: Iterable[Path], keys: Sequence[str]) -> tuple[list[Path], list[Path]]:
        """Those of the shards that have one of the keys, and those whose keys can't be read.

        Raises FileNotFoundError if a shard is gone.
        """
        named = {_name(shard): shard for shard in shards}
        if not self._is_loaded:
            self._load()
        unreadable = self._read_new(named)
        wanted = np.unique(_words(keys))
        found = {*self._shards[_places(self._keys, wanted)].tolist()}
        found |= {name for name, new in self._new.items() if len(_places(new, wanted))}
        if len(self._new) >= WRITE_AT_SHARDS:
            self._merge_new(named.keys())
            with suppress(RatchetError):  # a ledger may be only readable
                self._write()
        return [shard for name, shard in named.items() if name in found], unreadable

    def _load(self) -> None:
        self._is_loaded = True
        with suppress(OSError):
            words = np.fromfile(self.path, "<u8")
            if len(words) > 1 and words[0] == words[1:].sum():
                names, draws = np.split(words[2:], [int(words[1])])
                self._names, (self._keys, self._shards) = {*names.tolist()}, np.split(draws, 2)

    def _read_new(self, named: dict[int, Path]) -> list[Path]:
        """Reads the keys of shards that are not known; returns the shards that can't be read."""
        unreadable = []
        self._new = {name: keys for name, keys in self._new.items() if name in named}
        for name in named.keys() - self._names - self._new.keys():
            try:
                frame = pl.read_parquet(named[name], columns=["key"], hive_partitioning=False)
                self._new[name] = np.sort(_words(frame["key"]))
            except pl.exceptions.PolarsError:
                unreadable.append(named[name])
        return unreadable

    def _merge_new(self, present: Iterable[int]) -> None:
        """Adds the new shards to the index, and drops those that are gone."""
        if gone := self._names.difference(present):
            kept = ~np.isin(self._shards, np.array([*gone], np.uint64))
            self._keys, self._shards = self._keys[kept], self._shards[kept]
        names = [np.full(len(keys), name, np.uint64) for name, keys in self._new.items()]
        keys = np.concatenate([self._keys, *self._new.values()])
        order = np.argsort(keys, kind="stable")  # in linear time, as both parts are in order
        self._keys, self._shards = keys[order], np.concatenate([self._shards, *names])[order]
        self._names = self._names - gone | self._new.keys()
        self._new = {}

    def _write(self) -> None:
        names = np.array([len(self._names), *self._names], np.uint64)
        words = np.concatenate([names, self._keys, self._shards])
        with atomic_path(self.path) as partial:
            np.append(words.sum(), words).astype("<u8").tofile(partial)


def _places(ordered: Words, wanted: Words) -> NDArray[np.int64]:
    """Where in the ordered words are those that are wanted."""
    first = np.searchsorted(ordered, wanted)
    n = np.searchsorted(ordered, wanted, "right") - first
    return np.repeat(first + n - n.cumsum(), n) + np.arange(n.sum())


def _words(keys: Sequence[str] | pl.Series) -> Words:
    """The last 64 bits of keys, which are hexadecimal digests; 0 for any other text."""
    texts = pl.lit(pl.Series(keys, dtype=pl.String))
    words = texts.str.tail(16).str.to_integer(base=16, dtype=pl.UInt64, strict=False)
    return pl.select(words.fill_null(0)).to_series().to_numpy()


def _name(shard: Path) -> int:
    return int.from_bytes(blake2b(shard.name.encode(), digest_size=8).digest())
